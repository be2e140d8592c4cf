"""No network for what decodes files that came from elsewhere: this process and its children get no sockets.

A filter of system calls (seccomp, Linux 3.17) refuses ``socket``, and what may make sockets by another way, for good.
It asks for no right, no other program and no namespace, and so works in containers, too; where the
machine or its kernel knows no such filter, nothing happens.
"""

import ctypes
import errno
import platform
import struct
from functools import cache
from multiprocessing import get_context

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2  # prctl(2)
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF: ld [k]; jeq; jge; ret
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM  # seccomp(2)
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_FOREIGN = 0x40000000  # x32's system calls on x86_64
# Machine → what the kernel calls it (AUDIT_ARCH), and the numbers of socket and io_uring_setup there.
_MACHINES = {"x86_64": (0xC000003E, (41, 425)), "aarch64": (0xC00000B7, (198, 425))}


def go_offline() -> bool:
    """Refuse this process and all that it starts any socket, for good; return whether that could be done."""
    known = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or known is None:
        return False
    program = _filter(*known)
    lines = ctypes.create_string_buffer(program, len(program))
    given = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(lines)))
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(_LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, given, 0, 0) == 0)


@cache
def can_go_offline() -> bool:
    """Say whether processes can be kept from the network here, by trying it once in a process that ends then."""
    process = get_context("spawn").Process(target=_try, daemon=True)
    process.start()
    process.join()
    return process.exitcode == 0


def _try() -> None:
    if not go_offline():
        raise SystemExit(1)


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """Return the filter: calls of another architecture are refused, too, for their numbers are others."""
    last = len(refused)
    return b"".join(
        [
            _line(_LOAD, 0, 0, _ARCHITECTURE),
            _line(_EQUAL, 0, last + 3, architecture),
            _line(_LOAD, 0, 0, _NUMBER),
            _line(_AT_LEAST, last + 1, 0, _FOREIGN),
            *(_line(_EQUAL, last - place, 0, number) for place, number in enumerate(refused)),
            _line(_RETURN, 0, 0, _ALLOW),
            _line(_RETURN, 0, 0, _REFUSE),
        ]
    )


def _line(code: int, when: int, otherwise: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, when, otherwise, value)
