"""The command: `scripts/soak --minutes 30`. Exits 1 if memory grows or anything is left over."""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import httpx

from scripts.lib.server import Server, serve
from scripts.lib.soak import watch
from scripts.lib.soak.life import Life, begin

SAMPLE_S = 10.0
IDLE_S = 100.0  # after which a lesson that nobody uses has left memory


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument(
        "--viewers", type=int, default=300, help="seats; who leaves one is followed by another"
    )
    parser.add_argument("--lessons", type=int, default=3, help="at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a file for the JSON, besides standard output")
    return parser.parse_args()


async def soak(asked: argparse.Namespace, server: Server) -> dict[str, object]:
    """All of it, and the figures."""
    began = time.monotonic()
    async with server.client() as http:
        before = await watch.sample(http, server.pid, 0)
        life = Life(server, asked.seed)
        life.lessons = [await begin(http) for _ in range(asked.lessons)]
        work = [asyncio.create_task(life.view(number)) for number in range(asked.viewers)]
        work += [asyncio.create_task(life.teach(place)) for place in range(asked.lessons)]
        work.append(asyncio.create_task(life.vote()))
        during: list[watch.Sample] = []
        while time.monotonic() < began + 60 * asked.minutes:
            await asyncio.wait(work, timeout=SAMPLE_S, return_when=asyncio.FIRST_EXCEPTION)
            for task in work:
                if task.done():
                    task.result()  # none may end by itself
            during.append(await watch.sample(http, server.pid, time.monotonic() - began))
            sys.stderr.write(f"{during[-1]}\n")
        life.over.set()
        await asyncio.gather(*work)
        after = await settled(http, server, began, before)
    found = watch.faults(before, during, after)
    second, last = watch.growth(during)
    return {
        "minutes": asked.minutes,
        "viewers": asked.viewers,
        "counted": dict(life.counted),
        "memory_mib": {"before": before.mib, "second_fifth": second, "last_fifth": last, "after": after.mib},
        "faults": found,
        "samples": watch.told([before, *during, after]),
    }


async def settled(
    http: httpx.AsyncClient, server: Server, began: float, before: watch.Sample
) -> watch.Sample:
    """Once nothing is left, or the time for that is over."""
    deadline = time.monotonic() + IDLE_S
    while True:
        now = await watch.sample(http, server.pid, time.monotonic() - began)
        if time.monotonic() > deadline or not watch.faults(before, [now], now):
            return now
        await asyncio.sleep(1.0)


def main() -> int:
    """The exit code."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="lectern-soak-") as folder, serve(Path(folder)) as server:
        figures = asyncio.run(soak(asked, server))
    text = json.dumps(figures, indent=1)
    print(text)
    if asked.out is not None:
        asked.out.write_text(text + "\n")
    for fault in figures["faults"]:  # type: ignore[attr-defined]
        sys.stderr.write(f"{fault}\n")
    return 1 if figures["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
