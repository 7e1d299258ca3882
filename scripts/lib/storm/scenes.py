"""The storms: nine o'clock, the page turn, the vote, the dropped Wi-Fi.

Rules: a scene says what the teacher does and what the students do at the same time, and ends when both are done; nothing in
it waits for a student to be right (that is `check.py`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from scripts.lib.lecture import Lecture, underline
from scripts.lib.storm.student import Student
from scripts.lib.teacher import Teacher

ARRIVE_S = 2.0
TURNS = 6
TURN_S = 1.5
VOTE_S = 3.0
CHANGE_MIND = 0.3
WIFI_SHARE = 0.4
WIFI_S = 6.0
OPTIONS = ["k = 1", "k = 3", "k = 15", "It depends"]


@dataclass
class Hall:
    """The lecture, everybody in it, and the dice."""

    lecture: Lecture
    students: list[Student]
    chance: random.Random

    @property
    def teacher(self) -> Teacher:
        """Who holds the key."""
        return self.lecture.teacher

    async def everyone(self, within: float, act: Callable[[Student], Awaitable[None]]) -> None:
        """Each student acts at a moment of its own."""

        async def later(student: Student, wait: float) -> None:
            await asyncio.sleep(wait)
            await act(student)

        await asyncio.gather(*(later(each, self.chance.uniform(0, within)) for each in self.students))


async def nine_o_clock(hall: Hall) -> None:
    """All open the page within two seconds."""
    await hall.everyone(ARRIVE_S, Student.arrive)


async def page_turn(hall: Hall) -> None:
    """Page after page, with ink on each."""
    for number in range(2, 2 + TURNS):
        await hall.lecture.show(number)
        await hall.lecture.draw(number, underline((1200, 1800 + 200 * number), 4000))
        await asyncio.sleep(TURN_S)


async def vote(hall: Hall) -> None:
    """A poll opens and all vote within three seconds; some change their mind; it closes and is revealed."""
    value = {"question": "Which k is best?", "options": OPTIONS, "multiple": False, "status": "open"}
    await hall.teacher.write(("poll/storm", value))

    async def choose(student: Student) -> None:
        await student.vote("storm", [student.chance.randrange(len(OPTIONS))])
        if student.chance.random() < CHANGE_MIND:
            await student.vote("storm", [student.chance.randrange(len(OPTIONS))])

    await hall.everyone(VOTE_S, choose)
    await hall.teacher.write(("poll/storm", value | {"status": "closed", "reveal": True, "correct": [1]}))


async def wifi(hall: Hall) -> None:
    """The access point restarts under some of them while the teacher goes on drawing."""
    for student in hall.chance.sample(hall.students, int(len(hall.students) * WIFI_SHARE)):
        student.drop()
    deadline = asyncio.get_running_loop().time() + WIFI_S
    row = 0
    while asyncio.get_running_loop().time() < deadline:
        await hall.lecture.draw(1 + TURNS, underline((1200, 3000 + 150 * row), 5000))
        row += 1
    await hall.lecture.clear()
    await hall.lecture.draw(1 + TURNS, underline((1200, 2500), 6000))


SCENES = {"join": nine_o_clock, "turn": page_turn, "vote": vote, "wifi": wifi}
