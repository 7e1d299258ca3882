"""A server that somebody has started in a terminal: Ctrl+C reaches every process that a terminal sends it to.

Rules: the terminal is a real one, of the kernel's; what the server prints goes to its log, as elsewhere.
"""

import os
import subprocess
import sys
from typing import Self

from scripts.lib.server import PROJECT, Server

CTRL_C = b"\x03"

# The leader of a new session takes the terminal, and becomes the server.
TAKE = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class TerminalServer(Server):
    """`python -m app` in the foreground of a terminal of its own."""

    _terminal = -1

    def start(self, *, ready: bool = True) -> Self:
        """Starts it there and, unless told otherwise, waits until it says that it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._terminal, inside = os.openpty()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", TAKE, *self.command],
                cwd=PROJECT,
                env=self.env,
                stdin=inside,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        os.close(inside)
        if ready:
            self.wait_ready()
        return self

    def ctrl_c(self, times: int = 1) -> None:
        """The keys, pressed: the kernel signals the whole foreground."""
        os.write(self._terminal, CTRL_C * times)

    def close(self) -> None:
        """Stops it, and closes the terminal."""
        super().close()
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1
