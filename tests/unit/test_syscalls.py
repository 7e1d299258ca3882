"""What the filter of system calls decides, on both machines that it knows, by an interpreter of its few instructions."""

import os
import struct

import pytest

from app.decks import syscalls
from app.decks.syscalls import ALLOW, DENY, MACHINES, denied, program

# Calls that drawing needs: read, write, mmap, munmap, brk, exit_group, lseek, futex, getrandom, openat.
NEEDED = {"x86_64": (0, 1, 9, 11, 12, 231, 8, 202, 318), "aarch64": (63, 64, 222, 215, 214, 94, 62, 98, 278)}
OPENAT = {"x86_64": 257, "aarch64": 56}
PRLIMIT = {"x86_64": 302, "aarch64": 261}


def decided(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the kernel would do with this call."""
    filled = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    call = struct.pack("<iIQ6Q", number, MACHINES[machine][1] if arch is None else arch, 0, *filled)
    steps = [struct.unpack("=HBBI", step) for step in program(machine)]
    at = loaded = 0
    while True:
        code, then, otherwise, value = steps[at]
        if code == syscalls.LOAD:
            (loaded,) = struct.unpack_from("<I", call, value)
        elif code == syscalls.RETURN:
            return int(value)
        else:
            holds = {
                syscalls.EQUAL: loaded == value,
                syscalls.NOT_LESS: loaded >= value,
                syscalls.ANY_BIT: loaded & value != 0,
            }[code]
            at += then if holds else otherwise
        at += 1


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_in_the_table_is_denied_and_the_rest_is_not(machine: str) -> None:
    """Whatever the arguments are."""
    column = MACHINES[machine][0]
    assert {
        name for name, number in denied(column).items() if decided(machine, number, 1, 2, 3) != DENY
    } == set()
    assert [number for number in NEEDED[machine] if decided(machine, number, 2**64 - 1) != ALLOW] == []


@pytest.mark.parametrize("machine", MACHINES)
def test_files_are_opened_to_be_read(machine: str) -> None:
    """And for nothing else."""
    assert decided(machine, OPENAT[machine], 0, 0, os.O_RDONLY | os.O_CLOEXEC) == ALLOW
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_RDONLY | os.O_CREAT):
        assert decided(machine, OPENAT[machine], 0, 0, flags) == DENY


@pytest.mark.parametrize("machine", MACHINES)
def test_limits_are_ones_own(machine: str) -> None:
    """A process may look at its limits, and at nobody else's."""
    assert decided(machine, PRLIMIT[machine], 0, 7, 0, 1) == ALLOW
    assert decided(machine, PRLIMIT[machine], 4711, 7, 0, 1) == DENY


@pytest.mark.parametrize("machine", MACHINES)
def test_other_numbers_are_denied_whole(machine: str) -> None:
    """Those of 32 bits, and x86-64's third set, in which a socket would have another number."""
    assert decided(machine, NEEDED[machine][0], arch=0x40000003) == DENY
    if machine == "x86_64":
        assert decided(machine, syscalls.X32 | 41) == DENY


def test_the_table_names_this_machines_calls() -> None:
    """No number stands twice: a slip of the pen would be one of another call."""
    for column, _ in MACHINES.values():
        numbers = list(denied(column).values())
        assert len(numbers) == len(set(numbers))
