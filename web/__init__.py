"""The pages people see: home, search, item, page, files; in English, French and Spanish.

    app        the door: every route, and what answers when none does
    site       what the pages say of the library itself
    reader     who reads: language, and links that keep it
    i18n       messages and locales
    render     templates, filled
    guard      the headers every answer carries
    home, results, items, reading, downloads, static    one small module a page
    landing, forms, negotiation, signposting            an item for machines: forms, typed links
    sitemaps, resourcesync, shares                      lists of all there is, in parts
    feeds, sru, cql                                     searches by other programs
    labels, dates, marking                               facts as words

Pages are read with GET and HEAD, need no script and ask nothing of any other host. Nothing
here writes.
"""
