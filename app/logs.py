"""Logs: one line an event, on standard error, as key=value or plain text; no secrets.

Rules: configured once a process; nothing is logged for each request by default (thousands come at once);
what a client sent is never part of a line unless it has been checked.
"""

import logging
import os
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s pid=%(process)d %(message)s"


def configure(level: str) -> None:
    """Send the log to standard error, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def fatal(what: str, fault: BaseException | None) -> None:
    """Log and end the process at once, so that its supervisor starts another."""
    logging.getLogger("lectern").critical(what, exc_info=fault)
    os._exit(70)  # EX_SOFTWARE
