"""Steady writes and votes through a fault, and the account of what was acknowledged.

Rules: each write has a stamp of its own and is repeated until it is answered, as a teacher's outbox does, so an answer that
was lost is asked for again; what counts is what was answered with 200. Every outcome other than 200 is kept, with how long it took.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from scripts.lib.server import Server
from scripts.lib.teacher import Teacher

EVERY_S = 0.05
VOTE_EVERY_S = 0.02
PATIENCE_S = 30.0
OPTIONS = 3


@dataclass
class Account:
    """What was promised, and what was refused meanwhile."""

    acknowledged: dict[str, Any] = field(default_factory=dict)
    votes: list[int] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    slowest_failure: float = 0.0
    without_retry_after: int = 0
    answered_at: list[float] = field(default_factory=list)  # monotonic times of the 200s
    over: bool = False  # what is under way is finished, nothing new is begun

    def answered_again(self, since: float) -> float:
        """Seconds from `since` (monotonic) to the next 200."""
        return min((at for at in self.answered_at if at > since), default=float("inf")) - since

    async def missing(self, teacher: Teacher) -> dict[str, Any]:
        """Acknowledged writes that the lesson does not hold, and votes that the count does not."""
        held = await teacher.registers()
        lost = {key: value for key, value in self.acknowledged.items() if held.get(key) != value}
        if self.votes:
            tally = held.get("tally/steady", {})
            counted = [self.votes.count(option) for option in range(OPTIONS)]
            if tally != {"counts": counted, "voters": len(self.votes)}:
                lost["votes"] = (tally, counted)
        return lost


async def _again_and_again(account: Account, ask: Any) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        began = time.monotonic()
        try:
            answer: httpx.Response = await ask()
            if answer.status_code == httpx.codes.OK:
                account.answered_at.append(time.monotonic())
                return answer
            account.failures[str(answer.status_code)] += 1
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                account.slowest_failure = max(account.slowest_failure, time.monotonic() - began)
                account.without_retry_after += "retry-after" not in answer.headers
            else:
                raise AssertionError(answer.text)
        except httpx.TransportError as fault:
            account.failures[type(fault).__name__] += 1
        if time.monotonic() > deadline:
            raise TimeoutError(f"not answered with 200 for {PATIENCE_S} s: {dict(account.failures)}")
        await asyncio.sleep(0.1)


async def _write(server: Server, teacher: Teacher, account: Account) -> None:
    async with server.client() as http:
        number = 0
        while not account.over:
            key = f"ink/blank-1/s{number % 40}"
            value = {"tool": "pen", "color": "#000000", "width": 24, "points": [number, number]}
            stamp = f"{int(time.time() * 1000)}.{number}.steady"
            body = {"writes": [{"key": key, "value": value, "stamp": stamp}]}
            ask = partial(http.post, f"{teacher.path}/state", json=body, headers=teacher.auth)
            await _again_and_again(account, ask)
            account.acknowledged[key] = value
            number += 1
            await asyncio.sleep(EVERY_S)


async def _vote(server: Server, teacher: Teacher, account: Account) -> None:
    number = 0
    path = f"{teacher.path}/polls/steady/votes"
    while not account.over:
        async with server.client() as http:
            # One person, one cookie: a vote that is repeated because its answer was lost must not count twice.
            with suppress(httpx.TransportError):
                await http.get(f"/{teacher.lesson}")
            if "voter" in http.cookies:
                choice = number % OPTIONS
                await _again_and_again(account, partial(http.post, path, json={"choices": [choice]}))
                account.votes.append(choice)
                number += 1
        await asyncio.sleep(VOTE_EVERY_S)


@asynccontextmanager
async def steadily(server: Server, teacher: Teacher, *, votes: bool = True) -> AsyncIterator[Account]:
    """Writes, and votes, for the length of a block; at its end the last ones are waited for."""
    account = Account()
    if votes:
        question = {"question": "?", "options": ["a", "b", "c"], "status": "open", "multiple": False}
        await teacher.write(("slide", {"page": "blank-1"}), ("poll/steady", question | {"reveal": True}))
    else:
        await teacher.write(("slide", {"page": "blank-1"}))
    work = [asyncio.create_task(_write(server, teacher, account))]
    if votes:
        work.append(asyncio.create_task(_vote(server, teacher, account)))
    try:
        yield account
    finally:
        # Not cancelled: a request cut off is neither acknowledged nor refused, and nobody could say what is right.
        account.over = True
        await asyncio.gather(*work)
