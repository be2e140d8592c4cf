"""Whose a fault of a file is: the disk's stops the batch, the document's stops only the document.

A page that could not be written for want of room must not pass for one that cannot be read:
the same ingest again would take it for read.
"""

import errno
import resource

from ingest.documents import Limits

DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})


def is_disks(fault: BaseException, limits: Limits) -> bool:
    """Say, in a worker, whether a fault is the disk's or the account's.

    A file that grows beyond ``limits.written`` is the document's own fault, unless the account allows less.
    """
    if not isinstance(fault, OSError) or fault.errno not in DISK_FAULTS:
        return False
    allowed, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return fault.errno != errno.EFBIG or 0 <= allowed < limits.written
