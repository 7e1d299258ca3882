"""The configuration of nginx that docs/OPERATIONS.md gives is run as it stands, with other ports and a certificate of the test's own.

Rules: the text comes out of the document; what is replaced are the addresses, and nothing that matters to a stream.
"""

import asyncio
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from scripts.lib.deck import plain_deck
from scripts.lib.server import free_port, serve as serve_app
from scripts.lib.stream import Registers, open_stream
from scripts.lib.teacher import Teacher
from tests.support.fronts import Front, certificate, replaced, snippet
from tests.support.wire import SAME_ORIGIN

MAIN = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    {temp}
{site}
}}
"""
TEMPS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(folder: Path, upstream: int, port: int) -> str:
    """The whole file: the document's part in the least that nginx needs around it."""
    site = replaced(
        snippet("nginx"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{upstream}"),
        (r"listen 443", f"listen 127.0.0.1:{port}"),
        (r"ssl_certificate \S+;", f"ssl_certificate {folder}/cert.pem;"),
        (r"ssl_certificate_key \S+;", f"ssl_certificate_key {folder}/key.pem;"),
    )
    temp = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPS)
    return MAIN.format(folder=folder, site=site, temp=temp, user="user root;" if os.getuid() == 0 else "")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A server set up as the document says, and nginx."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.fail("nginx is not installed; scripts/test installs it")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    certificate(folder)
    settings = {"FORWARDED_HOPS": "1", "PUBLIC_URL": f"https://localhost:{port}"}
    with serve_app(folder / "server", env=settings) as server:
        file = folder / "nginx.conf"
        file.write_text(configuration(folder, server.port, port))
        command = [nginx, "-p", str(folder), "-e", str(folder / "start.log"), "-c", str(file)]
        tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested.stderr
        assert "warn" not in tested.stderr
        process = subprocess.Popen(command)
        try:
            yield Front(
                f"https://localhost:{port}",
                ssl.create_default_context(cafile=str(folder / "cert.pem")),
                server,
            )
            assert not (folder / "error.log").exists() or "[error]" not in (folder / "error.log").read_text()
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
async def http(front: Front) -> AsyncIterator[httpx.AsyncClient]:
    """A client, once nginx answers."""
    await front.up()
    async with front.client() as client:
        yield client


def shows(number: int, registers: Registers) -> bool:
    """Whether the page of this number is shown."""
    return registers.get("slide") == {"page": f"blank-{number}"}


async def test_a_stream_passes_at_once(http: httpx.AsyncClient, front: Front) -> None:
    """The first event, each later one, a beat, the end: none is held back, and the proxy's silence is longer than the beat's."""
    teacher = await Teacher.start(http)
    assert teacher.join_url.startswith(front.url)
    async with (
        open_stream(http, teacher.lesson) as viewer,
        open_stream(http, teacher.lesson, key=teacher.key) as panel,
    ):
        await viewer.next_state(seconds=2)
        await panel.next_state(seconds=2)
        for number in range(1, 20):
            await teacher.write(("slide", {"page": f"blank-{number}"}))
            shown = partial(shows, number)
            async with asyncio.timeout(1):
                await viewer.until(shown)
                await panel.until(shown)
        await viewer.next_event("beat", seconds=20)
        await teacher.end()
        await viewer.next_event("end", seconds=2)
        await viewer.until_closed(seconds=2)


async def test_the_rest_passes_too(http: httpx.AsyncClient, front: Front) -> None:
    """Cookies are Secure, a session works from our own page, a deck of some size goes up and comes down, metrics stay inside."""
    teacher = await Teacher.start(http)
    opened = await http.post(f"{teacher.path}/session", headers=teacher.auth)
    assert "Secure" in opened.headers["set-cookie"]
    for origin in (SAME_ORIGIN, {"Origin": front.url}):
        written = await http.post(f"{teacher.path}/state", json={"writes": []}, headers=origin)
        assert written.status_code == 200, written.text
    deck = await teacher.upload(plain_deck(2) + b"\n%" + b"x" * 3 * 1024 * 1024)
    assert (await teacher.rendered(deck))["status"] == "ready"
    assert (await http.get(f"/decks/{deck}/1-800.webp")).headers["content-type"] == "image/webp"
    page = await http.get(f"/{teacher.lesson}/", follow_redirects=True)
    assert str(page.url) == teacher.join_url
    assert page.headers["strict-transport-security"]
    assert (await http.get("/metrics")).status_code == 404


async def test_an_address_is_the_one_that_nginx_saw(http: httpx.AsyncClient) -> None:
    """What a client claims stands further left: it guesses under its own address all the same."""
    told = [
        (
            await http.get(
                f"/api/lessons/zzz{number:03}", headers={"X-Forwarded-For": f"198.51.100.{number}"}
            )
        ).status_code
        for number in range(60)
    ]
    assert 429 in told[-10:]
