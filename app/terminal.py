"""Ctrl+C in a terminal, which signals every process that was started from it, and not the server alone.

Rules: a process that is started while the signal is held starts with it held, since exec keeps a thread's mask. The
embedded store never lets go: it ends when the server says so, after its workers. A worker lets go once it has a
handler; before, the signal would be a traceback from the middle of an import. What comes meanwhile is kept by the kernel.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_CTRL_C = {signal.SIGINT}


@contextmanager
def ctrl_c_held() -> Iterator[None]:
    """For the length of a block, in this thread and in what it starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _CTRL_C)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ctrl_c_let_go() -> None:
    """What was held comes now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _CTRL_C)


def signals_to_stop() -> list[int]:
    """From now on they do nothing but stand in this list: those that come before, and after, somebody obeys them."""
    came: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: came.append(number))
    return came
