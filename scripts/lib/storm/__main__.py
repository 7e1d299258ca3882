"""The command: `scripts/storm --students 1000`. Exits 1 if any state differs or any acknowledged vote is missing."""

import argparse
import asyncio
import contextlib
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from scripts.lib.bench.system import usage
from scripts.lib.lecture import Lecture
from scripts.lib.server import serve
from scripts.lib.storm import check
from scripts.lib.storm.scenes import SCENES, Hall
from scripts.lib.storm.student import Student

FILES_A_STUDENT = 8  # descriptors: six connections of a pool, its stream, one to spare


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/storm", description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1, help="of the server that is started")
    parser.add_argument("--server", help="an address to use instead of starting a server")
    parser.add_argument("--create-key", help="where that server wants one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--scenes", default=",".join(SCENES), help=f"some of {', '.join(SCENES)}; join comes first"
    )
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    asked = parser.parse_args()
    asked.scenes = asked.scenes.split(",")
    if unknown := set(asked.scenes) - set(SCENES):
        parser.error(f"no such scenes: {', '.join(sorted(unknown))}")
    return asked


def percentiles(values: list[float]) -> dict[str, float]:
    """Milliseconds: median, p99 and the longest."""
    if not values:
        return {}
    ranked = sorted(1000 * value for value in values)
    p99 = ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))]
    return {"p50": round(statistics.median(ranked), 1), "p99": round(p99, 1), "max": round(ranked[-1], 1)}


class Costs:
    """What each scene took, in seconds: of the clock, and of CPU of either side (one process plays all students)."""

    def __init__(self, server: int | None) -> None:
        self.scenes: dict[str, dict[str, float]] = {}
        self._server = server

    @contextlib.contextmanager
    def of(self, scene: str) -> Iterator[None]:
        """Count what is done in the block as the scene's."""
        before = self._now()
        yield
        spent = {name: round(now - before[name], 2) for name, now in self._now().items()}
        self.scenes[scene] = spent
        print(scene, *(f"{name}={seconds}" for name, seconds in spent.items()), flush=True)

    def _now(self) -> dict[str, float]:
        now = {"seconds": time.perf_counter(), "students_cpu": time.process_time()}
        return now if self._server is None else now | {"server_cpu": usage([self._server]).cpu_s}


def figures(hall: Hall) -> dict[str, object]:
    """What the students went through."""
    diaries = [student.diary for student in hall.students]
    refusals: Counter[str] = Counter()
    for diary in diaries:
        refusals.update(diary.refusals)
    return {
        "students": len(diaries),
        "first_state_ms": percentiles([one for diary in diaries for one in diary.first_state]),
        "resumed_ms": percentiles([one for diary in diaries for one in diary.resumed]),
        "vote_ms": percentiles([one for diary in diaries for one in diary.votes]),
        "events": sum(diary.events for diary in diaries),
        "drops": sum(diary.drops for diary in diaries),
        "resets": sum(diary.resets for diary in diaries),
        "images": sum(diary.images for diary in diaries),
        "refusals": dict(refusals),
    }


async def storm(asked: argparse.Namespace, base: str, costs: Costs) -> int:
    """All scenes, then the reckoning."""
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30.0) as http:
        lecture = await Lecture.begin(http, create_key=asked.create_key)
        students = [
            Student(base, lecture.teacher.lesson, asked.seed * 1_000_003 + n) for n in range(asked.students)
        ]
        hall = Hall(lecture, students, random.Random(asked.seed))
        try:
            for name in ["join", *(each for each in asked.scenes if each != "join")]:
                with costs.of(name):
                    await SCENES[name](hall)
            wrong = await check.states(hall, base)
            voters, miscounted = await check.votes(hall)
        finally:
            await asyncio.gather(*(student.leave() for student in students))
    found = figures(hall) | {
        "scenes": costs.scenes,
        "votes_acknowledged": voters,
        "states_wrong": len(wrong),
        "votes_wrong": miscounted,
    }
    print(json.dumps(found, indent=2))
    for line in [*wrong[:20], *miscounted]:
        print(f"WRONG {line}", file=sys.stderr)
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=2) + "\n")
    verdict = "FAILED" if wrong or miscounted else "every state is equal, no vote is missing"
    print(verdict)
    return 1 if wrong or miscounted else 0


def main() -> int:
    """Start a server unless one is named, and storm it."""
    asked = arguments()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = asked.students * FILES_A_STUDENT + 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    with contextlib.ExitStack() as stack:
        if asked.server:
            return asyncio.run(storm(asked, asked.server.rstrip("/"), Costs(None)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lectern-storm-")))
        server = stack.enter_context(serve(folder, workers=asked.workers))
        return asyncio.run(storm(asked, server.url, Costs(server.pid)))


if __name__ == "__main__":
    sys.exit(main())
