"""Logs: one line an event, on standard error, as key=value; no secrets.

Rules: configured once a process; a line is printable ASCII whatever is in it: line ends, escape sequences
and letters that change the direction of writing are told as escapes, so nobody can write a line of their
own; a traceback is the last value of its line (`sed 's/\\\\n/\\n/g'` unfolds it). Nothing is logged for each
request, nor for each thing that a peer sends and that is no HTTP: thousands come at once.
"""

import json
import logging
import os
import re
import sys
import time
from typing import NoReturn

VALUE_CHARACTERS = 16_384  # of one value; the end of a traceback is what tells most
_BARE = re.compile(r"[A-Za-z0-9_.:/+-]+")

# uvicorn says these, as warnings, for every such request; anybody can make thousands.
_PEERS = ("Invalid HTTP request received.", "Unsupported upgrade request.", "No supported WebSocket library")


class Line(logging.Formatter):
    """A record as one line of key=value."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told = {
            "time": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": str(record.process),
            "event": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            told["fault"] = self.formatException(record.exc_info)
        return " ".join(f"{key}={_value(text)}" for key, text in told.items())


def _value(text: str) -> str:
    # JSON's escapes: any tool reads them, and nothing but printable ASCII is left.
    if _BARE.fullmatch(text):
        return text
    return json.dumps(text[-VALUE_CHARACTERS:]).replace("\x7f", "\\u007f")


def _ours(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_PEERS)


def configure(level: str) -> None:
    """Send the log to standard error, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    if level != "debug":
        logging.getLogger("uvicorn.error").addFilter(_ours)


def fatal(what: str, fault: BaseException | None) -> NoReturn:
    """Log and end the process at once, so that its supervisor starts another."""
    logging.getLogger("lectern").critical(what, exc_info=fault)
    os._exit(70)  # EX_SOFTWARE


def refuse(why: str) -> NoReturn:
    """Say to whoever deploys why nothing is served, and end the process at once."""
    sys.stderr.write(f"lectern: {why}\n")
    sys.stderr.flush()
    os._exit(2)  # as for a setting that cannot be used
