"""The configurations of HAProxy and Caddy that docs/OPERATIONS.md gives are run as they stand, on other ports.

Both have a way to hold a stream back, which the document names: each is left out here, and seen to do so.
"""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import httpx
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import free_port, serve as serve_app
from scripts.lib.stream import Registers, open_stream
from scripts.lib.teacher import Teacher
from tests.support.fronts import Front, certificate, replaced, snippet

PIECES = 20
APART_S = 0.08  # pieces of a stroke: 50 to 80 ms
HELD_S = 0.15  # HAProxy holds for 200 ms; an event that is not held takes a few, and many times that on a busy machine
CADDY_ALONE = "{\n    admin off\n    auto_https off\n}\n"  # nothing to be reached, nobody to be called


def haproxy(folder: Path, upstream: int, port: int) -> tuple[list[str], str]:
    """The command that runs it, and its configuration."""
    (folder / "both.pem").write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    text = replaced(
        snippet("haproxy"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{upstream}"),
        (r"bind :443", f"bind 127.0.0.1:{port}"),
        (r"crt \S+", f"crt {folder}/both.pem"),
        (r"maxconn 30000", "maxconn 500"),
    )
    return ["-db", "-f", str(folder / "configuration")], text


def caddy(folder: Path, upstream: int, port: int) -> tuple[list[str], str]:
    """The command that runs it, and its configuration."""
    text = replaced(
        snippet("caddy"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{upstream}"),
        (r"lectern\.example \{", f"https://localhost:{port} {{\n    tls {folder}/cert.pem {folder}/key.pem"),
    )
    return ["run", "--adapter", "caddyfile", "--config", str(folder / "configuration")], CADDY_ALONE + text


PROXIES = {"haproxy": haproxy, "caddy": caddy}


@contextmanager
def front_of(name: str, folder: Path, *changes: tuple[str, str]) -> Iterator[Front]:
    """A server set up as the document says, and that proxy, with its text changed where a test wants it."""
    program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.fail(f"{name} is not installed; scripts/test installs it")
    port = free_port()
    certificate(folder)
    settings = {"FORWARDED_HOPS": "1", "PUBLIC_URL": f"https://localhost:{port}"}
    with serve_app(folder / "server", env=settings) as server, (folder / "log").open("wb") as log:
        arguments, text = PROXIES[name](folder, server.port, port)
        (folder / "configuration").write_text(replaced(text, *changes))
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen(
            [program, *arguments], env=os.environ | home, cwd=folder, stdout=log, stderr=log
        )
        try:
            trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
            yield Front(f"https://localhost:{port}", trust, server)
            assert process.poll() is None, (folder / "log").read_text()
        finally:
            process.kill()
            process.wait(10)


@pytest.fixture(params=PROXIES)
def front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    """Each of them, as the document has it."""
    with front_of(request.param, tmp_path) as running:
        yield running


def holds(key: str, registers: Registers) -> bool:
    """Whether this register is there."""
    return key in registers


async def lesson_of_some_size(http: httpx.AsyncClient) -> Teacher:
    """Its first event is longer than the 512 bytes below which Caddy packs nothing."""
    teacher = await Teacher.start(http)
    options = [f"{number}: {'a long answer ' * 5}" for number in range(10)]
    await teacher.write(
        (
            "poll/p1",
            {"question": "Why?", "options": options, "multiple": False, "status": "open", "reveal": False},
        )
    )
    return teacher


async def delays(front: Front) -> list[float]:
    """How long each piece of a stroke takes from its write to a viewer, in seconds."""
    async with front.client() as http, front.server.client() as direct:
        teacher = await lesson_of_some_size(direct)
        async with open_stream(http, teacher.lesson) as viewer:
            await viewer.next_state(seconds=10)
            taken = []
            for number in range(PIECES):
                key, loop = f"ink/blank-1/s1/{number}", asyncio.get_running_loop()
                began = loop.time()
                await teacher.write(
                    (key, {"tool": "pen", "color": "#000000", "width": 24, "points": [0, 0, 9, 9]})
                )
                await viewer.until(partial(holds, key), seconds=10)
                taken.append(loop.time() - began)
                await asyncio.sleep(APART_S)  # the pace of a hand
    return taken


async def test_a_stream_passes_at_once(front: Front) -> None:
    """The first event, each piece of a stroke by itself, a beat, the end."""
    await front.up()
    taken = await delays(front)
    assert median(taken) < HELD_S, taken
    async with front.client() as http:
        teacher = await Teacher.start(http)
        assert teacher.join_url.startswith(front.url)
        async with open_stream(http, teacher.lesson) as viewer:
            await viewer.next_state(seconds=5)
            await viewer.next_event("beat", seconds=25)
            await teacher.end()
            await viewer.next_event("end", seconds=5)
            await viewer.until_closed(seconds=5)


async def test_the_rest_passes_too(front: Front) -> None:
    """A long poll that waits, a deck of some size, Secure cookies, HSTS; metrics stay inside, and an address is the proxy's to say."""
    await front.up()
    async with front.client() as http:
        teacher = await Teacher.start(http)
        cursor = (await http.get(f"{teacher.path}/state")).json()["cursor"]
        poll = asyncio.ensure_future(
            http.get(f"{teacher.path}/state", params={"cursor": cursor, "wait": "25"})
        )
        await teacher.write(("screen", {"mode": "black"}))
        assert (await poll).json()["writes"] == [["screen", {"mode": "black"}]]
        assert (
            "Secure"
            in (await http.post(f"{teacher.path}/session", headers=teacher.auth)).headers["set-cookie"]
        )
        deck = await teacher.upload(plain_deck(1) + b"\n%" + b"x" * 3 * 1024 * 1024)
        assert (await teacher.rendered(deck))["status"] == "ready"
        page = await http.get(f"/{teacher.lesson}")
        assert page.headers["strict-transport-security"]
        assert (await http.get("/metrics")).status_code == 404
        told = [
            (await http.get(f"/api/lessons/zzz{number:03}", headers={"X-Forwarded-For": f"198.51.100.{number}"})).status_code
            for number in range(60)
        ]  # fmt: skip
        assert 429 in told[-10:]


async def test_a_drain_passes(front: Front) -> None:
    """The server stops behind it: the viewer is told when to come back, and its stream ends."""
    await front.up()
    async with front.client() as http:
        teacher = await Teacher.start(http)
        async with open_stream(http, teacher.lesson) as viewer:
            await viewer.next_state(seconds=5)
            assert await asyncio.to_thread(front.server.stop) == 0
            await viewer.until_closed(seconds=5)
            assert viewer.retry is not None


async def test_what_haproxy_does_without_its_option(tmp_path: Path) -> None:
    """Where it speaks HTTP/1.1 without TLS it holds each event for about 200 ms: the document does not claim what is not so."""
    plain, hasty = (r" ssl crt \S+ alpn h2,http/1.1", ""), (r"    option http-no-delay\n", "")
    taken = {}
    for name, changes in {"with": (plain,), "without": (plain, hasty)}.items():
        folder = tmp_path / name
        folder.mkdir()
        with front_of("haproxy", folder, *changes) as front:
            front.url = front.url.replace("https:", "http:")
            await front.up()
            taken[name] = median(await delays(front))
    assert taken["with"] < HELD_S < taken["without"]


async def test_what_caddys_encode_does_to_a_stream(tmp_path: Path) -> None:
    """Packed with the rest, a stream's first event does not come through to a browser, which asks for packed answers."""
    with front_of("caddy", tmp_path, (r"encode @answers gzip", "encode gzip")) as front:
        await front.up()
        async with front.client() as http:
            teacher = await lesson_of_some_size(http)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5), open_stream(http, teacher.lesson) as viewer:
                    await viewer.next_state(seconds=4)
