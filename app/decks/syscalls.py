"""What the process that draws a deck may not ask of the kernel, as a program for seccomp: pure.

Rules: a list of what is denied, and not of what is allowed: the latter would change with each Python and each C library, and a wall that
falls upon a lecture is taken down. What is denied answers "not permitted", as the kernel itself would. The kernel compares numbers,
which differ from machine to machine; the table is of two, and a call by another machine's numbers is denied whole.
"""

import os
import struct
from collections.abc import Iterator

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the table, AUDIT_ARCH_*

# <asm/unistd.h>: name, x86-64, arm64 (-: that machine has no such call).
TABLE = """
# the network, and the embedded store's socket
socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept 43 202,
accept4 288 242, sendto 44 206, sendmsg 46 211, sendmmsg 307 269, recvmsg 47 212, recvmmsg 299 243,
io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427
# other processes: to start, to signal, to look into, to starve
fork 57 -, vfork 58 -, clone 56 220, clone3 435 435, execve 59 221, execveat 322 281, ptrace 101 117,
kcmp 312 272, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440,
pidfd_open 434 434, pidfd_getfd 438 438, pidfd_send_signal 424 424, kill 62 129, tkill 200 130,
tgkill 234 131, process_mrelease 448 448, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240,
setpriority 141 140, ioprio_set 251 30, sched_setaffinity 203 122, sched_setscheduler 144 119,
sched_setparam 142 118, sched_setattr 314 274, migrate_pages 256 238, move_pages 279 239, shmget 29 194,
shmat 30 196, msgget 68 186, semget 64 190, mq_open 240 180
# files: to make, to change, to remove (opening one to write: below)
creat 85 -, openat2 437 437, truncate 76 45, unlink 87 -, unlinkat 263 35, rename 82 -, renameat 264 38,
renameat2 316 276, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36, mkdir 83 -, mkdirat 258 34,
rmdir 84 -, mknod 133 -, mknodat 259 33, chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452,
chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, utimensat 280 88,
futimesat 261 -, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14,
lremovexattr 198 15, fremovexattr 199 16
# the kernel's less travelled parts
mount 165 40, umount2 166 39, move_mount 429 429, open_tree 428 428, fsopen 430 430, fsmount 432 432,
mount_setattr 442 442, pivot_root 155 41, chroot 161 51, unshare 272 97, setns 308 268, bpf 321 280,
perf_event_open 298 241, userfaultfd 323 282, keyctl 250 219, add_key 248 217, request_key 249 218,
personality 135 92
"""
# Denied where the argument of this number has one of these bits: opening for anything but reading; limits of other processes.
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
DENIED_WITH: dict[str, tuple[int | None, int | None, int, int]] = {
    "open": (2, None, 1, WRITES),
    "openat": (257, 56, 2, WRITES),
    "prlimit64": (302, 261, 0, 0xFFFFFFFF),
}

# Classic BPF: load a word of the call, jump if equal, jump if greater or equal, jump if a bit is set, return.
LOAD, EQUAL, NOT_LESS, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCH_AT, ARGUMENTS_AT = 0, 4, 16
EPERM = 1
ALLOW, DENY = 0x7FFF0000, 0x00050000 | EPERM
X32 = 0x40000000  # the same kernel's third set of numbers


def denied(column: int) -> dict[str, int]:
    """The numbers of one machine, by name."""
    lines = [line for line in TABLE.strip().splitlines() if not line.startswith("#")]
    rows = [entry.split() for line in lines for entry in line.strip(",").split(",")]
    return {row[0]: int(row[1 + column]) for row in rows if row[1 + column] != "-"}


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def program(machine: str) -> Iterator[bytes]:
    """The filter, one step at a time. No jump is longer than four, whatever the table holds."""
    column, arch = MACHINES[machine]
    yield from (_step(LOAD, ARCH_AT), _step(EQUAL, arch, 1, 0), _step(RETURN, DENY))
    yield _step(LOAD, NUMBER_AT)
    if machine == "x86_64":
        yield from (_step(NOT_LESS, X32, 0, 1), _step(RETURN, DENY))
    for number in denied(column).values():
        yield from (_step(EQUAL, number, 0, 1), _step(RETURN, DENY))
    for on_x86, on_arm, argument, bits in DENIED_WITH.values():
        if (number_of := (on_x86, on_arm)[column]) is not None:
            yield _step(EQUAL, number_of, 0, 4)
            # Both machines are little-endian: the lower half of an argument stands first, and is all that these calls take.
            yield from (_step(LOAD, ARGUMENTS_AT + 8 * argument), _step(ANY_BIT, bits, 0, 1))
            yield from (_step(RETURN, DENY), _step(RETURN, ALLOW))
    yield _step(RETURN, ALLOW)
