"""Whatever becomes of polls and whoever is killed when: a tally is the count of the votes that were acknowledged.

Rules: the account of votes is this test's own. Nobody publishes in between, as if each process that took a vote were killed at once;
a poll that takes no votes must have them all at every moment, an open one once somebody has loaded the lesson.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from app.core.lesson import NULL
from app.core.poll import Refusal, tally
from app.store.contract import Change, Limits, Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.stores import ABOUT, NOW, counted, loaded

PACE = Limits(tally_ms=15)
NAMES = ("x", "y")

codes = (f"p{number}" for number in itertools.count())


@pytest.fixture(scope="module", params=["memory", "valkey"])
async def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Store]:
    """Both kinds; the server keeps nothing on disk, since thousands of writes would wait for it."""
    if request.param == "memory":
        yield MemoryStore(PACE)
        return
    server = RedisServer(valkey_binary(), tmp_path_factory.mktemp("tallies"), {"appendonly": "no"}).start()
    redis = RedisStore(server.url, limits=PACE)
    yield redis
    await redis.close()
    server.kill()


def poll(status: str, options: int, *, reveal: bool) -> str:
    """A poll."""
    value = {
        "question": "?",
        "options": ["o"] * options,
        "multiple": True,
        "status": status,
        "reveal": reveal,
    }
    return json.dumps(value)


polls = st.builds(
    poll, st.sampled_from(("open", "open", "closed", "draft")), st.integers(2, 4), reveal=st.booleans()
)
keys = st.sampled_from([f"poll/{name}" for name in NAMES])
votes = st.tuples(
    st.just("vote"),
    st.sampled_from(NAMES),
    st.sampled_from("abcd"),
    st.sets(st.integers(0, 3), min_size=1, max_size=2),
)
writes = st.tuples(
    st.just("write"), st.lists(st.builds(Change, keys, polls, st.none(), st.just(0)), min_size=1, max_size=2)
)
removals = st.tuples(
    st.just("write"),
    st.builds(Change, st.sampled_from(("poll/", "poll/x")), st.just(NULL), st.none(), st.just(0)).map(
        lambda one: [one]
    ),
)
publishings = st.tuples(st.just("publish"))
programs = st.lists(st.one_of(votes, votes, votes, writes, removals, publishings), max_size=25)


@dataclass
class Account:
    """The votes that were acknowledged, by poll that is there."""

    votes: dict[str, dict[str, Sequence[int]]] = field(default_factory=dict)

    async def step(self, store: Store, code: str, step: tuple[Any, ...]) -> None:
        """Do something, and note what was acknowledged."""
        match step:
            case "vote", name, voter, choices:
                answer = await store.vote(code, name, voter, sorted(choices), NOW)
                if not isinstance(answer, Refusal):
                    self.votes.setdefault(name, {})[voter] = sorted(choices)
            case "write", changes:
                await store.write(code, changes, NOW)
                for change in changes:
                    if change.raw == NULL:
                        self.votes = {} if change.key == "poll/" else self.votes
                        self.votes.pop(change.key.removeprefix("poll/"), None)
            case _:
                await store.publish(code, NOW)

    async def check(self, store: Store, code: str, *, open_too: bool) -> None:
        """Tallies and counts are those of the account."""
        held = {register.key: json.loads(register.raw) for register in (await loaded(store, code)).registers}
        for name in NAMES:
            asked, shown = held.get(f"poll/{name}"), held.get(f"tally/{name}")
            mine = self.votes.get(name, {})
            if asked is None or not mine:
                assert shown is None
            elif open_too or asked["status"] != "open":
                counts, voters = tally(len(asked["options"]), mine.values())
                assert shown == {"counts": counts, "voters": voters}
            assert (await counted(store, code, name)).voters == len(mine)


@settings(max_examples=60)
@given(program=programs, ends=st.booleans())
async def test_a_tally_is_the_count_of_what_was_acknowledged(
    store: Store, program: Sequence[tuple[Any, ...]], *, ends: bool
) -> None:
    """At every moment for a poll that is over, and for every poll once the lesson has ended or has been loaded."""
    code, account = next(codes), Account()
    await store.create(
        code, [ABOUT, *(Change(f"poll/{name}", poll("open", 3, reveal=False)) for name in NAMES)], NOW
    )
    for step in program:
        await account.step(store, code, step)
        await account.check(store, code, open_too=False)
    if ends:
        await store.write(code, [ABOUT], NOW, end=True)
        await account.check(store, code, open_too=True)
    if (await loaded(store, code)).unpublished:
        for _ in NAMES:
            await asyncio.sleep(await store.publish(code, NOW) / 1000)
        await store.publish(code, NOW)
    assert not (await loaded(store, code)).unpublished
    await account.check(store, code, open_too=True)
