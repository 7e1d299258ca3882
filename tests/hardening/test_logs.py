"""The log: one line an event whatever is in it, nothing for each request, and a bug is told in it and nowhere else.

Threats: a text that writes a line of its own (log injection); a peer that fills the disk; a fault that nobody hears of; a traceback in an answer.
"""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.logs import VALUE_CHARACTERS, Line
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.hostile_texts import MARKER, TEXTS
from tests.support.raw import exchange, request, status
from tests.support.redis_server import RedisServer
from tests.support.wire import assert_problem

LINE = re.compile(
    r'time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(?P<level>[a-z]+) logger=[\w.]+ pid=\d+ event=(?P<event>"(?:[^"\\]|\\.)*"|\S+)'
    r'(?: fault=(?P<fault>"(?:[^"\\]|\\.)*"))?'
)
AWAY_S = 13.0  # longer than an outage's next line waits for
OVER_S = 40.0
CALLERS = 8
HANDFUL = 20  # lines of all kinds, for AWAY_S of all that happens in the background too
SAID = "Lectern is at http"  # the one line that is no event: it is for whoever has started it

# A server with two bugs: one in a handler, one on the short way of the streams. What they say ends a line and begins another.
BUGGY = """
import app.web.lessons, app.web.events
async def info(request):
    raise RuntimeError("hidden words\\r\\ntime=2026-11-24T00:00:00.000Z level=critical logger=forged pid=1 event=forged \\x1b[2J\\u2028")
async def events(request):
    raise KeyError("hidden words of a stream")
app.web.lessons.info = info
app.web.events.events = events
from app.__main__ import main
main()
"""


def lines(server: Server) -> list[re.Match[str]]:
    """Every line of the log, taken apart; one that is no event fails."""
    found = []
    for line in server.log.split("\n"):
        if line and not line.startswith(SAID):
            match = LINE.fullmatch(line)
            assert match, f"not a line of the log: {line!r}"
            assert line.isascii()
            assert line.isprintable()
            found.append(match)
    return found


@contextmanager
def served(folder: Path, url: str, *command: str, **env: str) -> Iterator[Server]:
    """A server that may log tracebacks."""
    server = Server(folder, redis_url=url, env=env)
    server.command = [sys.executable, *command] if command else server.command
    try:
        yield server.start()
    finally:
        server.close()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("where", ["event", "argument", "fault"])
def test_any_text_is_one_line(text: str, where: str) -> None:
    """As the event itself, as a part of it, in a traceback: printable ASCII, with nothing lost but what is too long."""
    fault = None
    try:
        raise RuntimeError(text)  # noqa: TRY301 - only a fault that was raised has a traceback
    except RuntimeError:
        fault = sys.exc_info()
    record = logging.LogRecord(
        "lectern.test", logging.ERROR, __file__, 1, text.replace("%", "%%") + "%s" if where == "event" else "it says %s",
        ("",) if where == "event" else (text if where == "argument" else "x",), fault if where == "fault" else None,
    )  # fmt: skip
    line = Line().format(record)
    match = LINE.fullmatch(line)
    assert match, line
    assert line.isascii()
    assert line.isprintable()
    assert MARKER in line
    assert bool(match["fault"]) is (where == "fault")


def test_a_long_text_is_cut() -> None:
    """To its end, where a traceback says what it is."""
    line = Line().format(
        logging.LogRecord("lectern.test", logging.ERROR, "", 1, "x" * 10**6 + " the end", (), None)
    )
    assert len(line) < VALUE_CHARACTERS + 200
    assert line.endswith('the end"')


async def test_a_bug_is_logged_and_not_told(tmp_path: Path, valkey: RedisServer) -> None:
    """500 as a problem without a word of it, on both ways; one line each in the log, with the whole traceback; others are served."""
    valkey.flush()
    with served(tmp_path, valkey.url, "-c", BUGGY) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            before = len(lines(server))
            for path in (teacher.path, f"{teacher.path}/events"):
                # uvicorn closes the connection after a bug, so it is not to be used again.
                answer = await http.get(path, headers={"Connection": "close"})
                told = assert_problem(answer, 500)
                assert told["detail"] == "Something went wrong here. It has been logged."
                for word in ("hidden", "words", "RuntimeError", "KeyError", "Traceback", "app/", ".py"):
                    assert word not in answer.text
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["cache-control"] == "no-store"
            assert (await http.get(f"{teacher.path}/state")).status_code == 200
            assert (await http.get("/readyz")).status_code == 200
        found = lines(server)[before:]
    faults = [line for line in found if line["fault"]]
    assert [line["level"] for line in faults] == ["error", "error"]
    for line, words in zip(
        faults, ("RuntimeError: hidden words", "KeyError: 'hidden words of a stream'"), strict=True
    ):
        assert "Traceback (most recent call last)" in line["fault"]
        assert words in line["fault"]
    assert "forged" not in {line["event"] for line in found}


async def test_a_server_that_is_well_says_nothing(tmp_path: Path, valkey: RedisServer) -> None:
    """Neither for requests nor for refusals nor for what is no HTTP, however many; with `debug` neither a request's own words."""
    valkey.flush()
    for level in ("info", "debug"):
        with served(tmp_path / level, valkey.url, LOG_LEVEL=level) as server:
            async with server.client() as http:
                teacher = await Teacher.start(http, MARKER)
                started = len(lines(server))
                for number in range(30):
                    await exchange(
                        server,
                        request("GET", f"/{MARKER}{number}", f"User-Agent: {MARKER}", f"Referer: {MARKER}"),
                    )
                    await exchange(server, f"{MARKER}\r\n\r\n".encode())
                    await exchange(
                        server, request("GET", "/healthz", "Upgrade: websocket", "Connection: Upgrade")
                    )
                    assert status(await exchange(server, request("GET", f"/{'x' * 40_000}"))) == 431
                    await http.post(f"{teacher.path}/state", content=MARKER.encode(), headers=teacher.auth)
                    await teacher.write(("notes/a-1", {"text": MARKER}))
            assert MARKER not in server.log
            assert len(lines(server)) - started == 0 or level == "debug"


async def test_a_store_that_fails_is_told_of(tmp_path: Path, own_valkey: RedisServer) -> None:
    """By requests' and by background work's lines alike: warnings that say what could not be done, each one line."""
    with served(tmp_path, own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            own_valkey.kill()
            answer = await http.post(f"{teacher.path}/state", json={"writes": []}, headers=teacher.auth)
            assert_problem(answer, 503)
            assert "redis" not in answer.text.lower()
            assert str(own_valkey.port) not in answer.text

            async def events() -> set[str]:
                return {
                    line["event"].strip('"').partition(":")[0]
                    for line in lines(server)
                    if line["level"] == "warning"
                }

            wanted = {"the store is unavailable", "the reader lost its connection"} | {
                "the store is unavailable to background work"
            }
            await eventually(events, lambda told: wanted <= told)
        assert not [line for line in lines(server) if line["fault"]]


async def ask(http: httpx.AsyncClient, teacher: Teacher, until: float) -> int:
    """Asks for writes; how many were refused because the store was away."""
    refused = 0
    while time.monotonic() < until:
        write = {"writes": [{"key": "timer", "value": {"paused": refused}}]}
        answer = await http.post(f"{teacher.path}/state", json=write, headers=teacher.auth)
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
        refused += 1
    return refused


@pytest.mark.timeout(120)
async def test_an_outage_is_a_handful_of_lines(tmp_path: Path, own_valkey: RedisServer) -> None:
    """Each kind is said once and then counted; the count of refusals is exact, and the end is said."""
    with served(tmp_path, own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Away")
            before = len(server.log.splitlines())
            own_valkey.kill()
            until = time.monotonic() + AWAY_S
            refused = sum(await asyncio.gather(*(ask(http, teacher, until) for _ in range(CALLERS))))
            assert refused > 10 * HANDFUL
            own_valkey.start()

            async def ended() -> list[str]:
                return re.findall(r"the store is unavailable: no more; (\d+) in", server.log)

            (total,) = await eventually(ended, bool, OVER_S)
            assert int(total) == refused
            assert len(re.findall(r"the store is unavailable: [^\n]* more, \d+ so far", server.log)) >= 1
            assert len(server.log.splitlines()) - before < HANDFUL
