"""Walls around the process that draws a deck, which a hostile PDF may have taken over: Linux' own, none of which needs a right.

Rules: trusted code is imported first, then the walls go up, then the PDF is read. Each wall is tried and none is demanded: a
system that has it not (an old kernel, a container that forbids the call, macOS) draws all the same, and the server says at its
start which ones hold. They overlap on purpose:

- capabilities: none, so that a server that runs as root has workers that are nobody in particular.
- system calls (seccomp): none that opens a socket, starts or signals a process, looks into one, or changes a file or a limit.
  On x86-64 and arm64 (`syscalls.py`).
- files (Landlock): none but Python's own, shared libraries and fonts, to be read. With it come no /proc, no process outside to
  look into, and no TCP.

A namespace would need a right that many systems rightly withhold, and would hand the worker a root of its own to attack with.
"""

import ctypes
import os
import platform
import struct
import sys
from contextlib import suppress
from pathlib import Path

from .syscalls import MACHINES, program

# <linux/prctl.h>, <linux/seccomp.h>, <linux/landlock.h>, <linux/capability.h>
PR_GET_SECCOMP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 21, 22, 38
SECCOMP_MODE_FILTER = 2
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
CAPABILITY_VERSION_3 = 0x20080522
PATH_BENEATH = 1

READ_FILE, READ_DIR = 1 << 2, 1 << 3
# Kinds of access to files that each version of Landlock knows, all of which are denied unless a rule gives them back.
FILES_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts")
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(*arguments: int | bytes) -> int:
    """Arguments that are missing are zero, and all are as wide as a register."""
    wide = [each if isinstance(each, bytes) else ctypes.c_ulong(each) for each in arguments]
    return int(_libc().prctl(*wide, *[ctypes.c_ulong(0)] * (5 - len(wide))))


def walls() -> list[str]:
    """Those that will hold on this system, for the log; the worker finds out by itself."""
    if sys.platform != "linux":
        return []
    seccomp = _numbered() and _prctl(PR_GET_SECCOMP) >= 0
    named = (("capabilities", True), ("seccomp", seccomp), ("landlock", _landlock_version() > 0))
    return [name for name, holds in named if holds]


def confine() -> None:
    """From here on this process, which has one thread, keeps to itself. There is no way back."""
    if sys.platform != "linux":
        return
    if _prctl(PR_SET_NO_NEW_PRIVS, 1) == 0:  # without it the kernel takes neither of these two
        _restrict_files([*python_folders(), *map(Path, FONTS), *map(Path, LIBRARIES)])
        _restrict_calls()
    _libc().capset(struct.pack("=Ii", CAPABILITY_VERSION_3, 0), bytes(24))


def _numbered() -> bool:
    # A process of 32 bits on such a machine has other numbers.
    return platform.machine() in MACHINES and sys.maxsize > 2**32


def _restrict_calls() -> None:
    if _numbered():
        code = b"".join(program(platform.machine()))
        kept = ctypes.create_string_buffer(code, len(code))
        described = struct.pack("@HP", len(code) // 8, ctypes.addressof(kept))
        _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described)


def python_folders() -> list[Path]:
    """What is imported late is read late: the interpreter's own files and packages, and this program's code."""
    prefixes = {Path(prefix) / "lib" for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    return [*prefixes, Path(__file__).resolve().parents[1]]


def _landlock(call: int, *arguments: int | bytes | None) -> int:
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return int(_libc().syscall(ctypes.c_long(call), *wide))


def _landlock_version() -> int:
    return _landlock(LANDLOCK_CREATE_RULESET, None, 0, 1)


def _restrict_files(readable: list[Path]) -> None:
    version = _landlock_version()
    if version < 1:
        return
    files = (1 << FILES_KNOWN.get(version, FILES_KNOWN[5])) - 1
    # From 4 on: binding and connecting by TCP; from 6 on: abstract unix sockets and signals.
    fields = [files, *([0b11] if version >= 4 else []), *([0b11] if version >= 6 else [])]
    wanted = struct.pack(f"={len(fields)}Q", *fields)
    rules = _landlock(LANDLOCK_CREATE_RULESET, wanted, len(wanted), 0)
    if rules < 0:
        return
    for folder in filter(Path.is_dir, readable):
        with suppress(OSError):
            at = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            rule = struct.pack("=Qi", READ_FILE | READ_DIR, at)
            _landlock(LANDLOCK_ADD_RULE, rules, PATH_BENEATH, rule, 0)
            os.close(at)
    _landlock(LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)
