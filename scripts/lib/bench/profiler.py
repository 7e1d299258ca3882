"""`--profile`: where the CPU of a server goes, by a sampling profiler, if there is one.

Rules: py-spy where it is installed (Python's functions), else perf (C's and the kernel's; it sees no Python functions
unless the server was started with PYTHONPERFSUPPORT=1, which is set here for what is started from now on). Figures
of a profiled run are not to be compared: the profiler takes time too.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.lib.bench.system import tree

HERTZ = 499
LINES = 40
FOREVER_S = "600"


def prepare() -> None:
    """Servers started from now on tell perf the names of their Python functions."""
    if not shutil.which("py-spy"):  # which finds no way through perf's trampolines
        os.environ["PYTHONPERFSUPPORT"] = "1"


@contextmanager
def profile(roots: Sequence[int], say: Callable[[str], None]) -> Iterator[None]:
    """Sample the busiest process below `roots` during the block."""
    with TemporaryDirectory(prefix="lectern-profile-") as name:
        folder = Path(name)
        pid = str(max(tree(roots), key=_busy))
        record = _command(folder, pid)
        if record is None:
            say("no profile: neither py-spy nor perf is installed")
            yield
            return
        with (folder / "log").open("wb") as log:
            sampling = subprocess.Popen(record, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield
        finally:
            sampling.send_signal(signal.SIGINT)
            sampling.wait()
            say(_report(folder))


def _busy(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def _command(folder: Path, pid: str) -> list[str] | None:
    if shutil.which("py-spy"):
        target = ["-d", FOREVER_S, "-f", "raw", "-o", str(folder / "stacks"), "-p", pid]
        return ["py-spy", "record", "-r", str(HERTZ), *target]
    if shutil.which("perf"):
        return [
            "perf",
            "record",
            "-q",
            "-e",
            "cpu-clock",
            "-F",
            str(HERTZ),
            "-g",
            "-p",
            pid,
            "-o",
            str(folder / "data"),
        ]
    return None


def _report(folder: Path) -> str:
    if (folder / "stacks").exists():
        return _self_time((folder / "stacks").read_text()) or (folder / "log").read_text()
    shown = [
        "perf",
        "report",
        "-i",
        str(folder / "data"),
        "--stdio",
        "--no-children",
        "-g",
        "none",
        "-s",
        "symbol",
    ]
    told = subprocess.run(shown, capture_output=True, text=True, check=False).stdout
    lines = [line for line in told.splitlines() if line.strip() and not line.startswith("#")]
    return "\n".join(lines[:LINES])


def _self_time(stacks: str) -> str:
    leaves: dict[str, int] = {}
    for line in stacks.splitlines():
        stack, _, times = line.rpartition(" ")
        leaf = stack.rpartition(";")[2]
        leaves[leaf] = leaves.get(leaf, 0) + int(times)
    total = sum(leaves.values()) or 1
    ranked = sorted(leaves.items(), key=lambda each: -each[1])[:LINES]
    return "\n".join(f"{times / total:6.1%}  {leaf}" for leaf, times in ranked)
