"""What viewers never see: drafts, tallies and right answers before they are revealed, notes, the audience (docs/PROTOCOL.md, section 4).

Rules: everything that a viewer can read is searched as text, so that no leak can hide in a field nobody thought of.
"""

from typing import Any

import httpx
import pytest

from scripts.lib.server import Server
from scripts.lib.stream import EventStream, Registers, apply, open_stream
from scripts.lib.teacher import Teacher
from tests.support.sites import EVERYWHERE
from tests.support.wire import Wire, poll, states, stored, unchunked, viewer_state, wire, without_jar

pytestmark = pytest.mark.usefixtures("vigil")  # what test_vigil.py looks at comes while these tests run

SECRET = "Geheimnis"  # what must not be seen is marked with it


async def vote(http: httpx.AsyncClient, teacher: Teacher, name: str, *choices: int) -> None:
    """A new voter's vote."""
    answer = await http.post(f"{teacher.path}/polls/{name}/votes", json={"choices": choices})
    assert answer.status_code == 200, answer.text


class Eyes:
    """All that a viewer can look at: a stream as bytes, a stream that resumes, state, long polls, ink, the lesson."""

    def __init__(self, teacher: Teacher, http: httpx.AsyncClient, connection: Wire, cursor: str) -> None:
        self.teacher = teacher
        self.http = http
        self.connection = connection
        self.cursor = cursor  # from before anything happened
        self.seen = ""

    async def look(self) -> str:
        """Everything that has been seen so far, and what can be seen now."""
        for path, query in [
            ("", {}),
            ("/state", {}),
            ("/state", {"as": "viewer"}),
            ("/state", {"cursor": self.cursor}),
            ("/state", {"cursor": self.cursor, "wait": "0"}),
            ("/ink/a-1", {}),
        ]:
            answer = await self.http.get(self.teacher.path + path, params=query)
            assert answer.status_code == 200, answer.text
            self.seen += f"{answer.text}\n{answer.headers}\n"
        async with open_stream(self.http, self.teacher.lesson, cursor=self.cursor) as back:
            self.seen += f"{await back.next_state()}\n"
        return self.seen + unchunked(self.connection.read).decode()

    async def hear(self, key: str, value: Any) -> None:
        """Waits until something public, written after all else, has come down the stream."""
        cursor = (await self.teacher.write((key, value)))["cursor"]
        await self.connection.until_cursor(cursor)


async def with_eyes(teacher: Teacher, site: Server, http: httpx.AsyncClient, connection: Wire) -> Eyes:
    """A viewer who has been there from the beginning."""
    await connection.send(f"GET {teacher.path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await connection.until(b'"writes"')
    return Eyes(teacher, http, connection, (await viewer_state(teacher))["cursor"])


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
async def test_a_viewer_never_sees_what_is_the_teachers(
    teacher: Teacher, site: Server, visitor: httpx.AsyncClient
) -> None:
    """Through a poll's whole life: draft, open, votes, closed, revealed, hidden again, deleted."""
    async with wire(site) as connection, without_jar(site) as voters:
        eyes = await with_eyes(teacher, site, visitor, connection)
        value = poll(question="Q", correct=[1])
        await teacher.write(
            ("notes/a-1", {"text": SECRET}),
            ("poll/p1", {**value, "status": "draft", "question": SECRET}),
            ("slide", {"page": "a-1"}),
        )
        await eyes.hear("timer", {"ends": 1})
        seen = await eyes.look()
        assert "poll" not in seen, "not even that there is a draft"

        await teacher.write(("poll/p1", value))
        for choice in (0, 1, 1):
            await vote(voters, teacher, "p1", choice)
        await teacher.write(("poll/p1", {**value, "status": "closed"}))
        await eyes.hear("timer", {"ends": 2})
        seen = await eyes.look()
        assert '"poll/p1"' in seen
        for hidden in ("correct", "tally", "counts", "voters", "audience", "notes", SECRET):
            assert hidden not in seen, hidden

        counted = {"counts": [1, 2, 0], "voters": 3}
        async with open_stream(visitor, teacher.lesson, key=teacher.key) as panel:
            await panel.until(lambda registers: registers.get("tally/p1") == counted)
        await teacher.write(("poll/p1", {**value, "status": "closed", "reveal": True}))
        await eyes.hear("timer", {"ends": 3})
        state = dict((await viewer_state(teacher))["writes"])
        assert state["poll/p1"] == {**value, "status": "closed", "reveal": True}
        assert state["tally/p1"] == counted
        for hidden in ("audience", "notes", SECRET, "keyring", "shown/", teacher.key):
            assert hidden not in await eyes.look(), hidden

        await teacher.write(("poll/p1", {**value, "status": "closed"}), ("timer", None))
        await eyes.hear("screen", {"mode": "black"})
        del value["correct"]
        state = dict((await viewer_state(teacher))["writes"])
        assert state["poll/p1"] == {**value, "status": "closed"}
        assert "tally/p1" not in state


async def both(
    teacher: Teacher, viewer: EventStream, panel: EventStream, **last: Any
) -> tuple[Registers, Registers]:
    """What a viewer and the teacher see once both have seen the last write."""
    ((key, value),) = last.items()
    await teacher.write((key, value))
    for stream in (viewer, panel):
        await stream.until(lambda registers: registers.get(key) == value)
    return stored(viewer.registers), stored(panel.registers)


@pytest.mark.parametrize("site", EVERYWHERE, indirect=True)
async def test_each_audience_follows_a_poll_as_it_may(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server
) -> None:
    """The teacher sees votes come in; viewers see the tally from the reveal on, live, and no longer than it lasts."""
    value = poll(correct=[2])
    hidden = poll()
    async with (
        open_stream(visitor, teacher.lesson) as viewer,
        open_stream(visitor, teacher.lesson, key=teacher.key) as panel,
        without_jar(site) as voters,
    ):
        await teacher.write(("poll/p1", {**value, "status": "draft"}))
        seen = await both(teacher, viewer, panel, timer={"ends": 1})
        assert seen == (
            {"timer": {"ends": 1}},
            {"poll/p1": {**value, "status": "draft"}, "timer": {"ends": 1}},
        )

        await teacher.write(("poll/p1", value))
        await viewer.until(lambda registers: registers.get("poll/p1") == hidden)
        await vote(voters, teacher, "p1", 2)
        one = {"counts": [0, 0, 1], "voters": 1}
        await panel.until(lambda registers: registers.get("tally/p1") == one)
        assert "tally/p1" not in (await both(teacher, viewer, panel, timer={"ends": 2}))[0]

        await teacher.write(("poll/p1", {**value, "reveal": True}))
        await viewer.until(lambda registers: registers.get("tally/p1") == one)
        assert viewer.registers["poll/p1"] == {**value, "reveal": True}
        await vote(voters, teacher, "p1", 0)
        two = {"counts": [1, 0, 1], "voters": 2}
        await viewer.until(lambda registers: registers.get("tally/p1") == two)

        await teacher.write(("poll/p1", value))
        await viewer.until(lambda registers: "tally/p1" not in registers)
        assert viewer.registers["poll/p1"] == hidden
        await teacher.write(("poll/p1", {**value, "status": "draft"}))
        await viewer.until(lambda registers: "poll/p1" not in registers)
        await teacher.write(("poll/p1", None))
        await panel.until(lambda registers: not {"poll/p1", "tally/p1"} & set(registers))
        assert stored(viewer.registers) == {"timer": {"ends": 2}}


async def test_a_viewer_that_comes_back_forgets_what_was_hidden_meanwhile(
    teacher: Teacher, visitor: httpx.AsyncClient, site: Server
) -> None:
    """With a cursor from any moment it ends with what is public now."""
    cursors: list[tuple[str, Registers]] = []
    value = poll(correct=[0])
    states = [
        {**value, "status": "draft"},
        value,
        {**value, "reveal": True},
        {**value, "status": "closed", "reveal": True},
        value,
        None,
        {**value, "status": "closed", "reveal": True},
        {**value, "status": "draft"},
    ]
    async with without_jar(site) as voters:
        for number, state in enumerate(states):
            await teacher.write(("poll/p1", state))
            if number == 1:
                await vote(voters, teacher, "p1", 1)
            told = await viewer_state(teacher)
            cursors.append((told["cursor"], dict(told["writes"])))
            # Its votes went with it when it was deleted.
            assert ("tally/p1" in cursors[-1][1]) is bool(state and state["reveal"] and number < 5)
            for cursor, registers in cursors:
                async with open_stream(visitor, teacher.lesson, cursor=cursor) as back:
                    back.registers.update(registers)
                    assert "reset" not in await back.next_state()
                    assert back.registers == cursors[-1][1], (number, cursor)


async def test_the_teacher_is_told_how_many_watch_at_most_once_a_second(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """In the register `audience`; viewers are not."""
    async with open_stream(visitor, teacher.lesson, key=teacher.key) as panel:
        first = await panel.next_state()
        assert dict(first["writes"])["audience"] == {"viewers": 0}
        for number in (1, 2):
            async with open_stream(visitor, teacher.lesson) as viewer:
                await panel.until(lambda registers: registers["audience"] == {"viewers": 1})
                await viewer.next_state()
                assert "audience" not in viewer.registers, number
            await panel.until(lambda registers: registers["audience"] == {"viewers": 0})
        told = [event.at for event in states(panel) if "audience" in dict(event.data["writes"])]
        assert len(told) == 5
        assert (told[-1] - told[1]) / 3 > 0.9, "once a second on average; arrivals jitter"


async def test_a_teacher_that_comes_back_knows_how_many_watch(
    teacher: Teacher, visitor: httpx.AsyncClient
) -> None:
    """Though nothing else has changed since its cursor."""
    async with open_stream(visitor, teacher.lesson, key=teacher.key) as panel:
        async with open_stream(visitor, teacher.lesson):
            registers = await panel.until(lambda registers: registers["audience"] == {"viewers": 1})
            cursor, known = panel.cursor, dict(registers)
        await panel.until(lambda registers: registers["audience"] == {"viewers": 0})
        async with open_stream(visitor, teacher.lesson, key=teacher.key, cursor=cursor) as back:
            first = await back.next_state()
            assert "reset" not in first
            apply(known, first)
            assert known == panel.registers
