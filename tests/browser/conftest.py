"""A real Chromium, driven as people drive it.

Rules: one browser a session and a new context a window, so that windows share no cookie and no cache. A window that logs
an error, throws, or asks another host for anything fails the test in which it was open.
"""

from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    async_playwright,
    expect,
)

from scripts.lib.chromium import FLAGS, chromium_path
from scripts.lib.lecture import Lecture
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.teacher import Teacher

LAPTOP = (1366, 768)

expect.set_options(timeout=15_000)  # a deadline for two busy cores, not a measure of speed


@dataclass
class Window:
    """One window of one person, and what went wrong in it."""

    context: BrowserContext
    page: Page
    host: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # parts of faults that the test brings about itself

    def watch(self) -> None:
        """Collects errors and requests to other hosts from now on."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"threw: {error}"))
        self.page.on("request", self._request)

    def unexpected(self) -> list[str]:
        """The faults that the test did not announce."""
        return [fault for fault in self.faults if not any(part in fault for part in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc != self.host:
            self.faults.append(f"asked another host: {request.url}")


class OpenWindow(Protocol):
    """Opens a window; see the fixture `open_window`."""

    def __call__(self, url: str, *, size: tuple[int, int] = LAPTOP, **options: Any) -> Awaitable[Window]: ...


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser, without a window."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield chromium
        await chromium.close()


@pytest.fixture
async def open_window(browser: Browser) -> AsyncIterator[OpenWindow]:
    """`window = await open_window(url, size=(390, 844), color_scheme="dark", has_touch=True)`; options are Playwright's."""
    windows: list[Window] = []

    async def open_one(url: str, *, size: tuple[int, int] = LAPTOP, **options: Any) -> Window:
        width, height = size
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)
        page = await context.new_page()
        window = Window(context, page, urlsplit(url).netloc)
        window.watch()
        windows.append(window)
        await page.goto(url)
        return window

    yield open_one
    for window in windows:
        await window.context.close()
    assert [fault for window in windows for fault in window.unexpected()] == []


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of pages: each has a lesson of its own in it."""
    with serve_app(tmp_path_factory.mktemp("hall")) as server:
        yield server
    assert "Traceback" not in server.log, server.log


@pytest.fixture
async def teacher(hall: Server) -> AsyncIterator[Teacher]:
    """The teacher of a new lesson without slides."""
    async with hall.client() as http:
        yield await Teacher.start(http, "Decision trees")


@pytest.fixture
async def lecture(hall: Server) -> AsyncIterator[Lecture]:
    """A lesson with the demo deck, at a pace without pauses."""
    async with hall.client() as http:
        yield await Lecture.begin(http, pace=0)
