"""A scripted lecture over the demo deck: what a teacher's hand would send, and how a few students would vote.

Rules: everything goes over the wire protocol. Ink goes out as a panel sends it: in pieces while the pen is down, then once
as a whole. `pace` stretches every pause, and the pen's strokes with it; 0 leaves out all waiting.
"""

import asyncio
import itertools
import math
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from scripts.lib.deck import HEIGHT, WIDTH, demo_deck
from scripts.lib.teacher import Teacher

PIECE_SECONDS = 1 / 15  # a panel sends a stroke's pieces every 50 to 80 ms
POINTS_A_PIECE = 4  # of the pen's 60 positions a second

UNITS = 10_000  # of the page's width, on both axes
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

ORANGE, BLUE, YELLOW = "#d55e00", "#0072b2", "#e69f00"

Point = tuple[float, float]

QUESTION = {
    "question": "A tone of 5 kHz is sampled 8,000 times a second. What do the samples show?",
    "options": ["A tone of 5 kHz", "A tone of 3 kHz", "Silence", "Noise"],
    "multiple": False,
}
ANSWER = 1
VOTES = (1, 1, 0, 1, 3, 1, 0, 1, 2, 1, 1, 0)


def place(x: float, y: float) -> Point:
    """A place on the demo deck's page, from points of its PDF to the units of ink."""
    return x * UNITS / WIDTH, (HEIGHT - y) * UNITS / WIDTH


def flat(points: list[Point]) -> list[int]:
    """Points as a register holds them: the first absolute, the rest as differences."""
    whole = [(round(x), round(y)) for x, y in points]
    numbers = [*whole[0]]
    for (x, y), (next_x, next_y) in itertools.pairwise(whole):
        numbers += [next_x - x, next_y - y]
    return numbers


def stroke_id() -> str:
    """A new id that sorts by time."""
    ms = time.time_ns() // 1_000_000
    stamp = "".join(DIGITS[ms // 36**n % 36] for n in reversed(range(9)))
    return f"s{stamp}{''.join(secrets.choice(DIGITS) for _ in range(4))}"


def ellipse(center: Point, width: float, height: float, points: int = 72) -> list[Point]:
    """A ring as a hand draws it: a little open, and not quite round."""
    return [
        (
            center[0]
            + width * (1 + 0.03 * math.sin(5 * n / points)) * math.cos(math.tau * 1.04 * n / points),
            center[1] + height * math.sin(math.tau * 1.04 * n / points),
        )
        for n in range(points)
    ]


def underline(left: Point, width: float, points: int = 32) -> list[Point]:
    """A line that sways a little."""
    return [(left[0] + width * n / points, left[1] + 12 * math.sin(n / 3)) for n in range(points)]


@dataclass
class Lecture:
    """One lesson with the demo deck, and what happens in it."""

    teacher: Teacher
    pages: list[str]
    pace: float = 1.0
    inked: set[str] = field(default_factory=set)

    @classmethod
    async def begin(
        cls, http: httpx.AsyncClient, *, pace: float = 1.0, create_key: str | None = None
    ) -> "Lecture":
        """Makes the lesson and adds the deck."""
        teacher = await Teacher.start(http, "Signals, week 3: sampling", create_key=create_key)
        deck = await teacher.rendered(await teacher.upload(demo_deck(), "Sampling.pdf"))
        if deck["status"] != "ready":
            raise RuntimeError(f"the demo deck failed: {deck.get('error')}")
        pages: dict[str, Any] = (await teacher.registers())["pages"]
        return cls(teacher, pages["order"], pace)

    async def pause(self, seconds: float) -> None:
        """What a lecturer says meanwhile."""
        await asyncio.sleep(seconds * self.pace)

    async def show(self, number: int) -> None:
        """Turns to a page, counted from 1."""
        await self.teacher.write(("slide", {"page": self.pages[number - 1]}))

    async def draw(
        self, number: int, points: list[Point], *, tool: str = "pen", color: str = ORANGE, width: int = 30
    ) -> None:
        """One stroke, in pieces and then whole."""
        page, stroke = self.pages[number - 1], stroke_id()
        ink = {"tool": tool, "color": color, "width": width}
        key = f"ink/{page}/{stroke}"
        for n, start in enumerate(range(0, len(points) - 1, POINTS_A_PIECE)):
            # A piece begins where the one before ended, so that no gap shows between them.
            piece = points[max(start - 1, 0) : start + POINTS_A_PIECE]
            await self.teacher.write((f"{key}/{n}", ink | {"points": flat(piece)}))
            await self.pause(PIECE_SECONDS)
        await self.teacher.write((f"{key}/", None), (key, ink | {"points": flat(points)}))
        self.inked.add(page)

    async def point(self, number: int, points: list[Point]) -> None:
        """The laser goes along points, and off."""
        for x, y in points[::2]:
            await self.teacher.write(
                ("pointer", {"page": self.pages[number - 1], "x": round(x), "y": round(y)})
            )
            await self.pause(PIECE_SECONDS)
        await self.teacher.write(("pointer", None))

    async def clear(self) -> None:
        """Wipes the ink of every page drawn on."""
        if self.inked:
            await self.teacher.write(*((f"ink/{page}/", None) for page in sorted(self.inked)))
        self.inked.clear()

    async def open_poll(self, poll: str) -> None:
        """Asks the question."""
        await self.teacher.write((f"poll/{poll}", QUESTION | {"status": "open", "reveal": False}))

    async def votes(self, poll: str, base_url: str, students: int = len(VOTES)) -> None:
        """Students vote one after the other, each from a browser of its own."""
        for choice in VOTES[:students]:
            async with httpx.AsyncClient(base_url=base_url, trust_env=False) as student:
                answer = await student.post(
                    f"{self.teacher.path}/polls/{poll}/votes",
                    json={"choices": [choice]},
                    headers={"Sec-Fetch-Site": "same-origin"},
                )
                answer.raise_for_status()
            await self.pause(0.4)

    async def close_poll(self, poll: str, *, reveal: bool) -> None:
        """Takes no more votes, and may show the result with the right answer."""
        register = (
            QUESTION | {"status": "closed", "reveal": reveal} | ({"correct": [ANSWER]} if reveal else {})
        )
        await self.teacher.write((f"poll/{poll}", register))
