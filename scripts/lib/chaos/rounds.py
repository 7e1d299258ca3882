"""Rounds one after the other: the lesson goes on, something fails, everybody pauses, and it is judged."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.chaos.faults import FAULTS, Fault
from scripts.lib.chaos.hostile import HOSTILE
from scripts.lib.chaos.judge import judge
from scripts.lib.chaos.life import Life
from scripts.lib.chaos.stage import Stage, pause, stage as stage_of
from scripts.lib.teacher import Teacher
from tests.support.viewers import viewers

BEFORE_S = (0.3, 1.0)
AFTER_S = 0.5
PAUSED_S = 40.0  # a request in hand, and those that the store's return lets through one after the other
TOLD = ("500", "403", "404")  # what no viewer of a lesson that exists may be told
AT_ONCE = 3  # faults of a round, at most


@dataclass(frozen=True, slots=True)
class Round:
    """What was done, and what became of it."""

    number: int
    faults: str
    lasted: float
    agreed: float  # seconds from the end of the faults until nothing was wrong
    writes: int
    votes: int
    refused: dict[str, int]
    resets: int
    wrong: list[str]


def drawn(stage: Stage, among: Sequence[Fault]) -> list[Fault]:
    """What fails in a round: one thing, or a few one after the other."""
    return [stage.chance.choice(among) for _ in range(stage.chance.choice((1, 1, 2, AT_ONCE)))]


async def run(
    folder: Path,
    *,
    seed: int,
    rounds: int,
    crowd: int,
    tell: Callable[[Round], None],
    among: Sequence[Sequence[Fault]] = (),
) -> list[Round]:
    """All rounds; `among` says what fails in each, in turn, instead of chance."""
    done = []
    with stage_of(folder, seed) as stage:
        await stage.whole()
        async with stage.server.client() as http:
            stage.http = http
            stage.teacher = await Teacher.start(http, "Chaos")
            life = Life(stage.server, stage.teacher, stage.account, seed)
            async with viewers(stage.server.port, stage.teacher.lesson, crowd) as stage.there:
                life.begin()
                try:
                    for number in range(1, rounds + 1):
                        faults = among[(number - 1) % len(among)] if among else drawn(stage, FAULTS + HOSTILE)
                        done.append(await _round(stage, life, number, faults))
                        tell(done[-1])
                finally:
                    await life.end()
    return done


async def _round(stage: Stage, life: Life, number: int, faults: Sequence[Fault]) -> Round:
    account, resets = stage.account, stage.there.resets
    writes, votes, refused = account.writes, account.votes, account.refused.copy()
    await pause(stage.chance.uniform(*BEFORE_S))
    began, wrong = time.monotonic(), []
    for fault in faults:
        try:
            await fault(stage)
        except AssertionError as late:
            wrong.append(f"{fault.__name__}: {late}")
    over = time.monotonic()
    stage.pass_all()
    await asyncio.sleep(AFTER_S)  # the lesson goes on a little: who came back must be able to write
    try:
        await life.paused(PAUSED_S)
    except TimeoutError:
        wrong.append(f"requests are still not answered {PAUSED_S:g} s after the faults were over")
    wrong += await judge(stage)
    agreed = time.monotonic() - over
    wrong += await stage.verdict()
    wrong += [
        f"a viewer was told {status}"
        for one in stage.there.members
        for status in one.refused
        if status in TOLD
    ]
    for one in stage.there.members:
        one.refused.clear()
    life.going.set()
    return Round(
        number=number,
        faults=", ".join(fault.__name__ for fault in faults),
        lasted=over - began,
        agreed=agreed,
        writes=account.writes - writes,
        votes=account.votes - votes,
        refused=dict(account.refused - refused),
        resets=stage.there.resets - resets,
        wrong=wrong,
    )
