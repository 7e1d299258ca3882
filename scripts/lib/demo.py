"""Lectern to look at: a server with a small deck, and a lecturer who turns pages, draws and asks, until Ctrl+C.

Rules: nothing is left behind: the server, its store and its files go when this does. Whoever opens the teacher's link may
take part; the highest stamp wins, as always.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from scripts.lib.lecture import BLUE, YELLOW, Lecture, ellipse, place, underline
from scripts.lib.server import Server, serve


def links(server: Server, lecture: Lecture) -> str:
    """Where to look."""
    teacher = lecture.teacher
    return "\n".join(
        [
            "",
            f"  Student    {teacher.join_url}",
            f"  Projector  {server.url}/screen/{teacher.lesson}",
            f"  Teacher    {teacher.teach_url}#key={teacher.key}",
            "",
            "Open the student's link in a few windows. Ctrl+C ends it all.",
            "",
        ]
    )


async def give(lecture: Lecture, server: Server, round_number: int) -> None:
    """The lecture once, from the title to the poll's result."""
    poll = f"rate-{round_number}"
    await lecture.show(1)
    await lecture.pause(4)
    await lecture.show(2)
    await lecture.draw(2, underline(place(104, 174), 5200), tool="highlighter", color=YELLOW, width=260)
    await lecture.pause(3)
    await lecture.show(3)
    await lecture.point(3, ellipse(place(480, 220), 3800, 1200))
    await lecture.show(4)
    await lecture.draw(4, ellipse(place(180, 328), 700, 420), color=BLUE)
    await lecture.pause(3)
    await lecture.show(5)
    await lecture.draw(5, ellipse(place(560, 284), 600, 420))
    await lecture.draw(5, underline(place(60, 430), 6000), color=BLUE, width=40)
    await lecture.pause(3)
    await lecture.show(6)
    await lecture.open_poll(poll)
    await lecture.votes(poll, server.url)
    await lecture.close_poll(poll, reveal=False)
    await lecture.pause(2)
    await lecture.close_poll(poll, reveal=True)
    await lecture.pause(6)
    await lecture.show(7)
    await lecture.pause(4)
    await lecture.show(8)
    await lecture.pause(4)
    await lecture.clear()
    await lecture.teacher.write((f"poll/{poll}", None))


async def run(folder: Path, rounds: int, pace: float) -> None:
    """Serves and lectures; `rounds` 0 goes on for ever."""
    with serve(folder, env={"LOG_LEVEL": "warning"}) as server:
        async with server.client() as http:
            lecture = await Lecture.begin(http, pace=pace)
            print(links(server, lecture), flush=True)
            number = 0
            while rounds == 0 or number < rounds:
                number += 1
                await give(lecture, server, number)
            await lecture.teacher.end()


def main() -> None:
    """Reads the arguments and runs."""
    parser = argparse.ArgumentParser(description="A server with a small deck and a scripted lecturer.")
    parser.add_argument(
        "--rounds", type=int, default=0, help="end after so many rounds of the lecture (default: never)"
    )
    parser.add_argument("--pace", type=float, default=1.0, help="2 is half as fast, 0 as fast as it goes")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves through every `finally`, as Ctrl+C does
    with tempfile.TemporaryDirectory(prefix="lectern-demo-") as folder, suppress(KeyboardInterrupt):
        asyncio.run(run(Path(folder), arguments.rounds, arguments.pace))


if __name__ == "__main__":
    main()
