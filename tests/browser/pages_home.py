"""The home page in verbs: somebody who joins or starts a lesson."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenWindow, Window


@dataclass
class Visitor:
    """Somebody at the door."""

    window: Window

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.window.page

    @classmethod
    async def come(cls, open_window: OpenWindow, url: str, **options: Any) -> "Visitor":
        """Opens the home page, or another address."""
        visitor = cls(await open_window(url, **options))
        visitor.window.expected.append("Failed to load resource")  # refusals are what is tested here
        return visitor

    async def types_code(self, code: str) -> None:
        """Types a code and presses Enter."""
        field = self.page.get_by_label("Code")
        await field.fill(code)
        await field.press("Enter")

    async def starts(self, title: str, key: str | None = None) -> None:
        """Fills the form for a new lesson and sends it."""
        await self.page.get_by_label("Title").fill(title)
        if key is not None:
            await self.page.get_by_label("key for new lessons").fill(key)
        await self.page.get_by_role("button", name="Start").click()

    async def is_told(self, words: str) -> None:
        """A line of help has become this error, on the page where one was."""
        await expect(self.page.locator(".help.error")).to_have_text(words)
