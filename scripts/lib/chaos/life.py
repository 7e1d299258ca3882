"""The lesson under way: three writers and some voters, who repeat what was not answered, and pause when a round is judged.

Rules: a writer's stamps rise, as a panel's do, and a repeated request is the same request. What is answered goes into the account; an
answer that nobody should get (500, 404 of what exists, 403, 422, ...) does too.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from scripts.lib.chaos.account import OPTIONS, Account
from scripts.lib.server import Server
from scripts.lib.teacher import Teacher

PAGES = tuple(f"blank-{number}" for number in range(1, 5))
VOTERS = 12
EVERY_S = 0.06
AGAIN_S = (0.05, 0.3)
REQUEST_S = 6.0
POLLS = 12  # that are there at once: the oldest is deleted then
FULL_STROKES = 60  # of a page: then it is cleared

Write = tuple[str, Any]


@dataclass
class Life:
    """Everybody who sends something, until `over`."""

    server: Server
    teacher: Teacher
    account: Account
    seed: int
    over: bool = False
    going: asyncio.Event = field(default_factory=asyncio.Event)
    busy: int = 0
    asked: str = ""  # the poll that is open
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def begin(self) -> None:
        """All of them start."""
        self.going.set()
        work = [
            self._slides(),
            self._ink(),
            self._polls(),
            *(self._voter(number) for number in range(VOTERS)),
        ]
        self.tasks = [asyncio.create_task(each) for each in work]

    async def paused(self, seconds: float) -> None:
        """Until everything that was begun is answered. Raises TimeoutError; a task that has failed raises here."""
        self.going.clear()
        async with asyncio.timeout(seconds):
            while self.busy:
                await asyncio.sleep(0.02)
                for task in self.tasks:
                    if task.done():
                        task.result()

    async def end(self) -> None:
        """For good."""
        self.over = True
        self.going.set()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    # --- one request ------------------------------------------------------------------------------------

    async def _ask(
        self, http: httpx.AsyncClient, path: str, body: Any, **options: Any
    ) -> httpx.Response | None:
        try:
            answer = await http.post(path, json=body, timeout=REQUEST_S, **options)
        except (httpx.TransportError, TimeoutError) as fault:
            self.account.refused[type(fault).__name__] += 1
            return None
        if answer.status_code != httpx.codes.OK:
            self.account.refused[str(answer.status_code)] += 1
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers:
                return None
        return answer

    async def write(self, http: httpx.AsyncClient, writer: str, writes: Sequence[Write]) -> None:
        """Written, with stamps that are the same at each try, until it is acknowledged."""
        now, chance = time.time_ns() // 1_000_000, random.Random()
        body = {
            "writes": [
                {"key": key, "value": value, "stamp": f"{now}.{number}.{writer}"}
                for number, (key, value) in enumerate(writes)
            ]
        }
        while True:
            answer = await self._ask(http, f"{self.teacher.path}/state", body, headers=self.teacher.auth)
            if answer is not None and answer.status_code == httpx.codes.OK:
                for (key, value), stamp in zip(writes, answer.json()["stamps"], strict=True):
                    self.account.wrote(key, value, stamp)
                return
            if answer is not None:
                self.account.unexpected.append(
                    f"{answer.status_code} for a write of {writer}: {answer.text[:200]}"
                )
                return
            await asyncio.sleep(chance.uniform(*AGAIN_S))

    async def _turn(self) -> None:
        """The next thing may be begun; `_done` says that it is over."""
        await asyncio.sleep(EVERY_S)
        await self.going.wait()
        self.busy += 1

    # --- writers ----------------------------------------------------------------------------------------

    async def _slides(self) -> None:
        chance = random.Random(self.seed + 1)
        async with self.server.client() as http:
            while not self.over:
                await self._turn()
                page = chance.choice(PAGES)
                order = list(PAGES)
                chance.shuffle(order)
                more: list[Write] = [
                    ("screen", {"mode": chance.choice(("slide", "black", "white"))}),
                    ("timer", {"ends": chance.randrange(10**12)}),
                    ("pages", {"order": order}),
                    (f"notes/{page}", {"text": str(chance.random())}),
                    ("pointer", {"page": page, "x": 1, "y": 2}),
                ]
                await self.write(http, "slides", [("slide", {"page": page}), *chance.sample(more, 2)])
                self.busy -= 1

    async def _ink(self) -> None:
        chance, number = random.Random(self.seed + 2), 0
        async with self.server.client() as http:
            while not self.over:
                await self._turn()
                page, number = chance.choice(PAGES), number + 1
                key = f"ink/{page}/s{number % FULL_STROKES}"
                for piece in range(3):
                    await self.write(http, "ink", [(f"{key}/{piece}", _stroke(number, 4))])
                last: list[Write] = [(key, _stroke(number, 30)), (f"{key}/", None)]
                if number % FULL_STROKES == 0:
                    last.append((f"ink/{page}/", None))
                await self.write(http, "ink", last)
                self.busy -= 1

    async def _polls(self) -> None:
        chance, number = random.Random(self.seed + 3), 0
        async with self.server.client() as http:
            while not self.over:
                number += 1
                name = f"q{number}"
                await self._turn()
                await self.write(
                    http, "polls", [(f"poll/{name}", _poll("open", reveal=chance.random() < 0.3))]
                )
                self.asked = name
                self.busy -= 1
                await asyncio.sleep(chance.uniform(0.3, 2.0))
                await self._turn()
                if number > POLLS:
                    old = f"q{number - POLLS}"
                    await self.write(http, "polls", [(f"poll/{old}", None)])
                    self.account.forget(old)
                if chance.random() < 0.9:  # else it stays open
                    await self.write(
                        http, "polls", [(f"poll/{name}", _poll("closed", reveal=chance.random() < 0.7))]
                    )
                self.busy -= 1

    async def _voter(self, number: int) -> None:
        chance = random.Random(self.seed + 100 + number)
        async with self.server.client() as http:
            while "voter" not in http.cookies:
                with suppress(httpx.TransportError):
                    await http.get(f"/{self.teacher.lesson}")
            while not self.over:
                await asyncio.sleep(chance.uniform(0.05, 0.4))
                await self._turn()
                if self.asked:
                    await self._vote(http, number, self.asked, chance.randrange(OPTIONS))
                self.busy -= 1

    async def _vote(self, http: httpx.AsyncClient, voter: int, poll: str, choice: int) -> None:
        path, body = f"{self.teacher.path}/polls/{poll}/votes", {"choices": [choice]}
        while True:
            answer = await self._ask(http, path, body)
            if answer is None:
                self.account.unknown(poll, voter, choice)
                await asyncio.sleep(AGAIN_S[0])
                continue
            if answer.status_code == httpx.codes.OK:
                self.account.voted(poll, voter, choice)
            elif answer.status_code == httpx.codes.NOT_FOUND and poll not in self.account.polls:
                pass  # deleted while the vote was being repeated
            elif answer.status_code != httpx.codes.CONFLICT:
                self.account.unexpected.append(f"{answer.status_code} for a vote: {answer.text[:200]}")
            return


def _stroke(number: int, points: int) -> dict[str, object]:
    return {
        "tool": "pen",
        "color": "#0072b2",
        "width": 24,
        "points": [number % 9_000, 200] + [5, -3] * points,
    }


def _poll(status: str, *, reveal: bool) -> dict[str, object]:
    return {
        "question": "?",
        "options": ["a", "b", "c"],
        "multiple": False,
        "status": status,
        "reveal": reveal,
    }
