"""A lesson on macOS, as far as Linux can play it: without the names, calls and files that macOS has not.

What this cannot show is said in docs/adr/0001-dependencies.md.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import PROJECT, serve
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher

MACOS = Path(__file__).resolve().parents[1] / "support" / "macos"

LOOKS = """
import ctypes, os, resource, socket, sys
assert sys.platform == "darwin" and not os.path.lexists("/nowhere")
assert not hasattr(socket, "TCP_KEEPIDLE") and not hasattr(socket, "TCP_USER_TIMEOUT")
assert not hasattr(os, "memfd_create") and not hasattr(os, "sched_getaffinity")
for fails in (lambda: open("/proc/self/status"), lambda: ctypes.CDLL(None).prctl,
              lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))):
    try:
        fails()
    except (OSError, AttributeError, ValueError):
        continue
    raise AssertionError(fails)
"""


def test_the_play_is_in_force() -> None:
    """A Python that is started so lacks what macOS lacks: else the tests below show nothing."""
    subprocess.run(
        [sys.executable, "-c", LOOKS], env=os.environ | {"PYTHONPATH": str(MACOS)}, cwd=PROJECT, check=True
    )


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_lesson_is_given(workers: int, tmp_path: Path) -> None:
    """Created, written, watched, with a deck, on the embedded store; and it stops in order."""
    with serve(tmp_path, workers=workers, env={"PYTHONPATH": str(MACOS)}) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            async with open_stream(http, teacher.lesson) as viewer:
                await viewer.next_state()
                await teacher.write(("screen", {"mode": "black"}))
                await viewer.until(lambda registers: registers.get("screen") == {"mode": "black"})
                deck = await teacher.upload(plain_deck(2))
                assert (await teacher.rendered(deck))["status"] == "ready"
                assert (await http.get(f"/decks/{deck}/1-800.webp")).headers["content-type"] == "image/webp"
                assert (await http.get("/metrics")).status_code == 200
        assert server.stop() == 0
    assert "level=error" not in server.log
