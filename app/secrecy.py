"""Where the secrets of the settings are not: in what other processes of the same user can read.

Rules: the process that reads them takes them out of its environment, so that nothing it starts inherits them; workers get
settings handed over, not their environment. That does not change the block of memory in which the kernel passed them, which
/proc shows as `environ`: so a process that holds secrets is not dumpable, and neither its memory nor its files can be looked
into but by root. A debugger and a profiler are kept out too, unless DUMPABLE lets them in.
"""

import ctypes
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

PR_SET_DUMPABLE = 4  # from <sys/prctl.h>; there is no other name for it in the standard library
SECRETS = ("REDIS_URL", "CREATE_KEY", "SECRET")
BUCKETS = "AWS_"  # read by the S3 client, in each worker


def undumpable() -> None:
    """Linux resets it at each exec: every process has to ask for it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, *[ctypes.c_ulong(0)] * 4)


def forget(environ: MutableMapping[str, str]) -> None:
    """Once they have been read."""
    for name in SECRETS:
        environ.pop(name, None)


@contextmanager
def without_buckets(environ: MutableMapping[str, str]) -> Iterator[None]:
    """For the start of processes that have nothing to do with a bucket."""
    kept = {name: environ.pop(name) for name in list(environ) if name.startswith(BUCKETS)}
    try:
        yield
    finally:
        environ.update(kept)
