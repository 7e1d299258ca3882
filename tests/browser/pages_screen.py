"""The projector's page in verbs: what a hall sees, and what the person at its laptop does."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenWindow, Window

WALL = (1920, 1080)


@dataclass
class Projector:
    """The window on the wall."""

    window: Window

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.window.page

    @classmethod
    async def begin(cls, open_window: OpenWindow, base: str, lesson: str, **options: Any) -> "Projector":
        """Opens the projector's page of a lesson."""
        options.setdefault("size", WALL)
        return cls(await open_window(f"{base}/screen/{lesson}", **options))

    async def shows_slide(self, number: int) -> None:
        """The slide of that number."""
        picture = self.page.get_by_role("img", name=f"Slide {number}", exact=True)
        await expect(picture).to_have_attribute("src", re.compile(rf"/{number}-\d+\.webp$"))

    async def press(self, key: str) -> None:
        """A key of the laptop."""
        await self.page.keyboard.press(key)

    @property
    def corner(self) -> Locator:
        """Code and QR in the corner."""
        return self.page.locator("#corner")

    @property
    def strip(self) -> Locator:
        """The question of an open poll, and where to vote."""
        return self.page.locator("#strip")

    @property
    def board(self) -> Locator:
        """The results."""
        return self.page.locator("#board")

    def bar(self, words: str) -> Locator:
        """One option's row on the board."""
        return self.board.get_by_role("listitem").filter(has_text=words)
