"""Many viewers in one process, and what became of them.

Rules: as `scripts/lib/viewer.py` has them; what is asked of a crowd is asked of all its members.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from scripts.lib.stream import Registers
from scripts.lib.viewer import Viewer
from tests.support.eventually import eventually

JOIN_AT_ONCE = 100


@dataclass
class Viewers:
    """A crowd of them, in one lesson."""

    members: Sequence[Viewer]
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def joined(self, seconds: float = 30.0) -> None:
        """All have their first state."""
        await eventually(self.here, lambda here: here == len(self.members), seconds)

    @property
    def number_here(self) -> int:
        """How many have a stream now. While a worker dies it falls one by one."""
        return sum(one.here for one in self.members)

    async def here(self) -> int:
        """The same, to be waited for."""
        return self.number_here

    async def agree(self, wanted: Registers, seconds: float = 40.0) -> None:
        """Every one of them comes to hold exactly these registers."""

        async def different() -> list[Registers]:
            return [one.registers for one in self.members if one.registers != wanted][:1]

        await eventually(different, lambda found: not found, seconds)

    @property
    def resets(self) -> int:
        """Resets after the first state, of all."""
        return sum(one.resets for one in self.members)

    @property
    def never_lost(self) -> bool:
        """Whether every one still has its first stream."""
        return all(len(one.connected_at) == 1 for one in self.members)

    def came_back(self, since: float) -> list[float]:
        """When, in seconds after `since`, they were connected again; sorted."""
        return sorted(at - since for one in self.members for at in one.connected_at if at > since)

    def told_again(self, since: float) -> list[float]:
        """For each, seconds from `since` to the next state it was told; sorted."""
        firsts = (next((at for at in one.states_at if at > since), None) for one in self.members)
        return sorted(at - since for at in firsts if at is not None)

    async def leave(self, number: int) -> None:
        """The last of them go for good."""
        for task in self.tasks[len(self.tasks) - number :]:
            task.cancel()
        await asyncio.gather(*self.tasks[len(self.tasks) - number :], return_exceptions=True)
        del self.tasks[len(self.tasks) - number :]
        self.members = self.members[: len(self.members) - number]


@asynccontextmanager
async def viewers(port: int, lesson: str, number: int) -> AsyncIterator[Viewers]:
    """A crowd for the length of a block."""
    crowd = Viewers([Viewer(port, lesson, seed) for seed in range(number)])
    everybody = list(crowd.members)
    try:
        for start in range(0, number, JOIN_AT_ONCE):
            crowd.tasks += [
                asyncio.create_task(one.stay()) for one in crowd.members[start : start + JOIN_AT_ONCE]
            ]
            await asyncio.sleep(0)
        await crowd.joined()
        yield crowd
    finally:
        for task in crowd.tasks:
            task.cancel()
        faults = await asyncio.gather(*crowd.tasks, return_exceptions=True)
        for one in everybody:
            one.close()
        for fault in faults:
            if fault is not None and not isinstance(fault, asyncio.CancelledError):
                raise fault
