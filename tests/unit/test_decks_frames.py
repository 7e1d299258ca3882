"""What the worker may say, and that the server believes nothing else."""

import asyncio
import sys

import pytest

from app.decks import reasons
from app.decks.frames import Drawn, Frame, GaveUp, Opened, decode, encode
from app.decks.limits import Limits
from app.decks.reasons import Failed
from app.decks.rendering import Drawing


@pytest.mark.parametrize(
    "frame",
    [
        Opened([(1600, 1200)]),
        Opened([(1600, 2264)] * 300),
        Drawn(7, [12, 34, 0]),
        GaveUp("password"),
        GaveUp("page", 3, "why\nnot"),
    ],
)
def test_a_frame_is_one_line_and_comes_back_the_same(frame: Frame) -> None:
    """Whatever its texts hold."""
    line = encode(frame)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line) == frame


@pytest.mark.parametrize("code", sorted(reasons.TEXTS))
def test_every_code_has_a_text_that_can_be_filled(code: reasons.Code) -> None:
    """No brace is left in what a teacher reads."""
    text = reasons.TEXTS[code].format(page=3, limit=300)
    assert text.endswith(".")
    assert "{" not in text


async def read_all(drawing: Drawing) -> None:
    for number in range(1, len(await drawing.opened()) + 1):
        await drawing.page(number)


async def says(script: str, limits: Limits | None = None) -> str:
    """What the server makes of a worker that runs this script instead: the reason it fails with."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"import sys, time; out = sys.stdout.buffer.write; {script}"),
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024,
    )
    drawing = Drawing(process, limits or Limits(page_seconds=5))
    try:
        with pytest.raises(Failed) as caught:
            await read_all(drawing)
    finally:
        if process.returncode is None:
            process.kill()
        assert process.stdout is not None
        while await process.stdout.read(64 * 1024):
            pass
        await process.wait()
    return caught.value.reason


OPEN = 'out(b\'{"type":"opened","sizes":[[1600,1200],[1600,1200]]}\\n\')'
OPENING = reasons.CRASHED_OPEN
FIRST_PAGE = reasons.CRASHED_PAGE.format(page=1)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("pass", OPENING),
        ("out(b'x' * 100_000)", OPENING),
        ("out(b'hello\\n')", OPENING),
        ('out(b\'{"type":"opened","sizes":[]}\\n\')', OPENING),
        ('out(b\'{"type":"opened","sizes":[[0,1]]}\\n\')', OPENING),
        ('out(b\'{"type":"opened","sizes":[[1,99999]]}\\n\')', OPENING),
        ("out(b'{\"type\":\"opened\",\"sizes\":[' + b'[1,1],' * 300 + b'[1,1]]}\\n')", OPENING),
        ('out(b\'{"type":"drawn","number":1,"lengths":[1,1,1]}\\n\')', OPENING),
        ('out(b\'{"type":"gave-up","code":"<script>"}\\n\')', OPENING),
        (OPEN, FIRST_PAGE),
        (OPEN + "; " + OPEN, FIRST_PAGE),
        (OPEN + '; out(b\'{"type":"drawn","number":2,"lengths":[1,1,1]}\\nabc\')', FIRST_PAGE),
        (OPEN + '; out(b\'{"type":"drawn","number":1,"lengths":[1,1]}\\nab\')', FIRST_PAGE),
        (OPEN + '; out(b\'{"type":"drawn","number":1,"lengths":[-1,1,1]}\\nab\')', FIRST_PAGE),
        (OPEN + '; out(b\'{"type":"drawn","number":1,"lengths":[1,99999999999,1]}\\nab\')', FIRST_PAGE),
        (OPEN + '; out(b\'{"type":"drawn","number":1,"lengths":[1,1,99999999]}\\nab\')', FIRST_PAGE),
        (OPEN + '; out(b\'{"type":"drawn","number":1,"lengths":[5,5,5]}\\nabc\')', FIRST_PAGE),
        ('out(b\'{"type":"gave-up","code":"password"}\\n\')', reasons.TEXTS["password"]),
        (OPEN + "; sys.exit(3)", FIRST_PAGE),
    ],
)
async def test_a_worker_that_lies_fails_its_deck(script: str, reason: str) -> None:
    """It may be in the hands of the file it opened."""
    assert await says(script) == reason


@pytest.mark.parametrize(
    ("script", "limits", "reason"),
    [
        ("time.sleep(60)", Limits(page_seconds=0.2), reasons.SLOW_OPEN),
        (
            OPEN + "; sys.stdout.flush(); time.sleep(60)",
            Limits(page_seconds=2),
            reasons.SLOW_PAGE.format(page=1),
        ),
        (OPEN + "; sys.stdout.flush(); time.sleep(60)", Limits(deck_seconds=2), reasons.SLOW_DECK),
        (OPEN, Limits(deck_seconds=0), reasons.SLOW_DECK),
    ],
)
async def test_a_worker_that_is_silent_is_waited_for_in_vain_only_so_long(
    script: str, limits: Limits, reason: str
) -> None:
    """Each wait ends, and the reason says which one it was."""
    assert await says(script, limits) == reason
