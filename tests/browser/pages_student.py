"""The student's page in verbs: what a student does and sees.

Rules: found by what people perceive (roles, names, words) wherever there is such a thing; by id where there is not. Every
look waits for what it expects, with a deadline.
"""

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import OpenWindow, Window
from tests.support.eventually import eventually

PHONE = (390, 844)

# The colour of the ink at a place of the page, 0..1 of its width and height; "" where there is none.
INK_AT = """([x, y]) => {
  for (const canvas of [...document.querySelectorAll(".stage-slide canvas")].reverse()) {
    const look = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    look.drawImage(canvas, -Math.floor(x * canvas.width), -Math.floor(y * canvas.height));
    const [r, g, b, a] = look.getImageData(0, 0, 1, 1).data;
    if (a > 200) return "#" + [r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("");
  }
  return "";
}"""


@dataclass
class Student:
    """One student's window."""

    window: Window

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.window.page

    @classmethod
    async def join(cls, open_window: OpenWindow, url: str, **options: Any) -> "Student":
        """Opens the lesson's link, on a phone unless told otherwise."""
        options.setdefault("size", PHONE)
        return cls(await open_window(url, **options))

    async def sees_slide(self, number: int) -> None:
        """The slide of that number, in words and as a picture."""
        await expect(self.page.locator("#place")).to_have_text(re.compile(rf"^{number} of \d+$"))
        picture = self.page.get_by_role("img", name=f"Slide {number}", exact=True)
        await expect(picture).to_have_attribute("src", re.compile(rf"/{number}-\d+\.webp$"))

    async def sees_status(self, words: str) -> None:
        """The badge says so."""
        await expect(self.page.locator("#badge")).to_have_text(words)

    async def sees_ink(self, color: str, x: float, y: float) -> None:
        """Ink of a colour, or none (""), at a place: 0..1 of the page's width and height."""
        await eventually(lambda: self.page.evaluate(INK_AT, [x, y]), lambda found: found == color)

    async def hears(self, words: str) -> None:
        """What a screen reader was told last."""
        await expect(self.page.locator("#announcer")).to_contain_text(words)

    async def back(self) -> None:
        """One slide back."""
        await self.page.get_by_role("button", name="Previous slide").click()

    async def forward(self) -> None:
        """One slide on."""
        await self.page.get_by_role("button", name="Next slide").click()

    async def cannot_go_forward(self) -> None:
        """There is nothing to turn to yet."""
        await expect(self.page.get_by_role("button", name="Next slide")).to_be_disabled()

    async def go_live(self) -> None:
        """Back to where the lesson is."""
        await self.page.get_by_role("button", name="Go live").click()

    async def is_live(self) -> None:
        """There is no way to go live, because one is."""
        await expect(self.page.get_by_role("button", name="Go live")).to_be_hidden()

    async def is_behind(self, live: int) -> None:
        """Looking back, and told where live is."""
        await expect(self.page.locator("#live-place")).to_have_text(f"live is on {live}")
        await expect(self.page.get_by_role("button", name="Go live")).to_be_visible()

    def option(self, words: str) -> Locator:
        """One option of the poll on show."""
        return self.page.locator(".option", has_text=words)

    async def chooses(self, words: str) -> None:
        """Picks an option, without sending it."""
        await self.option(words).click()

    async def votes(self, words: str) -> None:
        """Picks an option and sends it."""
        await self.chooses(words)
        await self.page.locator("#vote").click()

    async def has_receipt(self, words: str) -> None:
        """The line below the options."""
        await expect(self.page.locator("#receipt")).to_have_text(words)

    async def sees_result(self, words: str, share: str) -> None:
        """An option's share of the voters."""
        await expect(self.option(words).locator(".option-share")).to_have_text(share)

    async def box(self, selector: str) -> FloatRect:
        """Where something is."""
        box = await self.page.locator(selector).bounding_box()
        assert box is not None, selector
        return box
