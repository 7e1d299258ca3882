"""All windows of a lesson side by side, compared register by register with what the server holds.

Rules: a window's replica is the object its own page works with. Compared is what a window is meant to have: the live pointer is
kept by nobody, a page's ink is whole while that page is looked at, and only teachers have notes and tallies that are not revealed.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from playwright.async_api import Page

from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually

REPLICA = """async () => {
  const script = [...document.scripts].find((one) => /\\/js\\/(student|teacher|screen)\\.js$/.test(one.src));
  const { lesson } = await import(script.src);
  return Object.fromEntries(lesson.below(""));
}"""

Registers = dict[str, Any]


def lasting(registers: Registers) -> Registers:
    """The registers but for what comes and goes: the pointer, the number of viewers, and the ink."""
    return {
        key: value
        for key, value in registers.items()
        if key not in {"pointer", "audience"} and not key.startswith("ink/")
    }


def ink(registers: Registers, page: str) -> Registers:
    """The strokes of a page."""
    return {key: value for key, value in registers.items() if key.startswith(f"ink/{page}/")}


@dataclass
class Windows:
    """What several windows of one lesson show, and what the server says."""

    teacher: Teacher

    async def replica(self, page: Page) -> Registers:
        """The registers that a window holds."""
        found: Registers = await page.evaluate(REPLICA)
        return found

    async def held(self, *, as_teacher: bool = False) -> Registers:
        """The registers that the server tells an audience."""
        asked = {"as": "teacher"} if as_teacher else {}
        answer = await self.teacher.http.get(
            f"{self.teacher.path}/state", params=asked, headers=self.teacher.auth
        )
        return dict(answer.raise_for_status().json()["writes"])

    async def ink_held(self, page: str) -> Registers:
        """The strokes that the server holds of a page."""
        answer = await self.teacher.http.get(f"{self.teacher.path}/ink/{page}")
        return dict(answer.raise_for_status().json()["writes"])

    async def agree(self, *pages: Page, panel: Page | None = None) -> None:
        """Every window comes to hold what the server does, and the ink of the page that is live."""
        for page in pages:
            await eventually(partial(self._differences, page, as_teacher=False), _none)
        if panel is not None:
            await eventually(partial(self._differences, panel, as_teacher=True), _none)

    async def has_ink_of(self, window: Page, page: str) -> None:
        """A window that looks at a page comes to hold exactly its strokes."""

        async def differences() -> Registers:
            return _different(await self.ink_held(page), ink(await self.replica(window), page))

        await eventually(differences, _none)

    async def _differences(self, window: Page, *, as_teacher: bool) -> Registers:
        held, replica = await self.held(as_teacher=as_teacher), await self.replica(window)
        live = held["slide"]["page"]
        return _different(lasting(held) | ink(held, live), lasting(replica) | ink(replica, live))


def _different(held: Registers, replica: Registers) -> Registers:
    return {
        key: (held.get(key), replica.get(key))
        for key in held.keys() | replica.keys()
        if held.get(key) != replica.get(key)
    }


def _none(found: Registers) -> bool:
    return not found
