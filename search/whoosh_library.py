"""Whoosh, imported where it is wanted: version 2.7.4 or whoosh3, which has the same name.

Whoosh is older than the Python it runs on, which warns of its source text.
"""

import warnings

from metadata.errors import UsageError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        from whoosh import columns, fields, index, matching, query, writing
        from whoosh.filedb.filestore import FileStorage
    except ImportError as fault:
        hint = "Install it with pip install 'canoe[whoosh]', or set engine = \"tantivy\" under [search] in canoe.toml."
        raise UsageError("The search engine whoosh is not installed.", hint) from fault

__all__ = ("FileStorage", "columns", "fields", "index", "matching", "query", "writing")
