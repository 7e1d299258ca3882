"""What goes on in a soak: viewers who come and vanish, teachers who draw, people who vote, lessons that end.

Rules: nobody is synchronous with anybody else, and chance is seeded. Whatever is refused is counted, never passed over.
"""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher
from scripts.lib.viewer import Viewer

STAY_S = (3.0, 60.0)
AWAY_S = (0.1, 2.0)
PIECE_S = 0.1
PIECES = 8  # of a stroke
STROKES = 20  # of a page, then it is cleared and the next is shown
PAGES = 12
VOTE_S = 0.25
LESSON_S = 240.0  # then it ends, and another begins
OPTIONS = ["a", "b", "c"]


@dataclass
class Life:
    """Everybody, until `over`."""

    server: Server
    seed: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    counted: Counter[str] = field(default_factory=Counter)
    lessons: list[Teacher] = field(default_factory=list)

    async def view(self, number: int) -> None:
        """A seat: somebody stays a while, vanishes, and another comes."""
        chance = random.Random(self.seed * 1_000_003 + number)
        while not self.over.is_set():
            viewer = Viewer(self.server.port, chance.choice(self.lessons).lesson, chance.randrange(10**9))
            staying = asyncio.create_task(viewer.stay())
            await self._pause(chance.uniform(*STAY_S))
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)
            self.counted.update(
                joins=len(viewer.connected_at), events=len(viewer.states_at), resets=viewer.resets
            )
            await self._pause(chance.uniform(*AWAY_S))

    async def teach(self, place: int) -> None:
        """Lessons one after the other, each full of ink."""
        async with self.server.client() as http:
            while not self.over.is_set():
                teacher = self.lessons[place]
                until = time.monotonic() + LESSON_S * random.Random(self.seed + place).uniform(0.5, 1.5)
                number = 0
                while not self.over.is_set() and time.monotonic() < until:
                    await self._page(teacher, number)
                    number += 1
                self.lessons[place] = await begin(http)
                await teacher.end()
                self.counted["lessons"] += 1

    async def _page(self, teacher: Teacher, number: int) -> None:
        page = f"blank-{number % PAGES + 1}"
        await teacher.write(("slide", {"page": page}), (f"ink/{page}/", None))
        for stroke in range(STROKES):
            key = f"ink/{page}/s{number}-{stroke}"
            for piece in range(PIECES):
                if self.over.is_set():
                    return
                await teacher.write(
                    (f"{key}/{piece}", _stroke(8)), ("pointer", {"page": page, "x": piece, "y": stroke})
                )
                await asyncio.sleep(PIECE_S)
            await teacher.write((key, _stroke(60)), (f"{key}/", None))
            self.counted["strokes"] += 1

    async def vote(self) -> None:
        """One person after the other."""
        chance = random.Random(self.seed)
        while not self.over.is_set():
            teacher = chance.choice(self.lessons)
            async with self.server.client() as http:
                await http.get(f"/{teacher.lesson}")
                answer = await http.post(f"{teacher.path}/polls/p1/votes", json={"choices": [0]})
                self.counted[f"votes {answer.status_code}"] += 1
            await asyncio.sleep(VOTE_S)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), seconds)


def _stroke(points: int) -> dict[str, object]:
    return {"tool": "pen", "color": "#0072b2", "width": 24, "points": [100, 200] + [5, -3] * points}


async def begin(http: httpx.AsyncClient) -> Teacher:
    """A lesson with an open poll."""
    teacher = await Teacher.start(http, "Soak")
    poll = {"question": "?", "options": OPTIONS, "multiple": False, "status": "open", "reveal": True}
    await teacher.write(("poll/p1", poll), ("slide", {"page": "blank-1"}))
    return teacher
