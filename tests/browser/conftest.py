"""A real Chromium, driven as people drive it.

Rules: one browser a session and a new context a window, so that windows share no cookie and no cache. A window that logs
an error, throws, or asks another host for anything fails the test in which it was open.
"""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from scripts.lib.chromium import FLAGS, chromium_path

LAPTOP = (1366, 768)


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
