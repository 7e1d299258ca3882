"""No deck is without its pages in the order, whoever writes when; and what a teacher took out stays out.

Rules: writers have a view of the order, which may be old; some say which decks they know, some are clients that do not.
"""

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from app.core.pages import HEARD_MS, deck_of
from app.core.stamp import Stamp
from app.store.contract import Change, Store
from app.store.memory import MemoryStore
from app.store.redis import RedisStore
from tests.support.redis_server import RedisServer, valkey_binary
from tests.support.stores import ABOUT, NOW, values

DECKS = {"aaaaaa": 1, "bbbbbb": 2, "cccccc": 3, "dddddd": 4}

codes = (f"o{number}" for number in itertools.count())


@dataclass
class Writer:
    """A teacher's panel, or a script: what it has heard."""

    says: bool
    skew: int | None  # of its clock, ms; None: the server stamps
    order: list[str] = field(default_factory=list)
    decks: set[str] = field(default_factory=set)

    def hear(self, order: Sequence[str]) -> None:
        """It has come to now."""
        self.order = list(order)
        self.decks |= {deck_of(page) for page in order}

    def change(self, order: Sequence[str], now: int) -> Change:
        """A write of an order that it has made from what it has heard."""
        value: dict[str, Any] = {"order": list(order)}
        if self.says:
            value["decks"] = sorted(self.decks - {"blank"})
        stamp = None if self.skew is None else Stamp(now + self.skew, 0, f"w{id(self) % 97}")
        return Change("pages", json.dumps(value, separators=(",", ":")), stamp)

    def knows(self, deck: str, order: Sequence[str], stamp: Stamp, appended: int) -> bool:
        """By the words of docs/PROTOCOL.md."""
        named = deck in {deck_of(page) for page in order}
        return named or (deck in self.decks if self.says else stamp.ms > appended + HEARD_MS)


writers = st.builds(Writer, says=st.booleans(), skew=st.sampled_from((None, None, -2_000, 0, 2_000)))
acts = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(sorted(DECKS)), st.none()),
    st.tuples(st.just("hear"), st.integers(0, 2), st.none()),
    st.tuples(st.just("move"), st.integers(0, 2), st.randoms(use_true_random=False)),
    st.tuples(st.just("skip"), st.integers(0, 2), st.integers(0, 20)),
    st.tuples(st.just("drop"), st.integers(0, 2), st.sampled_from(sorted(DECKS))),
    st.tuples(st.just("blank"), st.integers(0, 2), st.integers(1, 3)),
)
delays = st.sampled_from((0, 0, 1, 50, 1_000, 3_000, HEARD_MS))


def made(order: Sequence[str], act: str, how: Any) -> list[str]:
    """What a writer makes of the order it has heard."""
    if act == "move":
        return sorted(order, key=lambda _: how.random())
    if act == "skip":
        return [page for at, page in enumerate(order) if at != how]
    if act == "drop":
        return [page for page in order if deck_of(page) != how]
    return [*order, *([f"blank-{how}"] if f"blank-{how}" not in order else [])]


class Model:
    """Which pages of each appended deck must stand in the order: changed only by who knows the deck."""

    def __init__(self) -> None:
        self.pages: dict[str, set[str]] = {}
        self.appended: dict[str, int] = {}

    def wrote(self, writer: Writer, order: Sequence[str], stamp: Stamp) -> None:
        for deck, at in self.appended.items():
            if writer.knows(deck, order, stamp, at):
                self.pages[deck] = {page for page in order if deck_of(page) == deck}

    def holds(self, order: Sequence[str]) -> None:
        assert len(set(order)) == len(order)
        for deck, pages in self.pages.items():
            assert {page for page in order if deck_of(page) == deck} == pages, deck


async def play(store: Store, code: str, those: Sequence[Writer], steps: Sequence[Any]) -> list[str]:
    """Run the steps, and hold the property after each; the last order."""
    now, model = NOW, Model()
    await store.create(code, [ABOUT], now)
    order: list[str] = []
    for delay, (act, who, how) in steps:
        now += delay
        if act == "append":
            await store.append(code, who, DECKS[who], now)
            if who not in model.appended:
                kept = next(each for each in (await _registers(store, code)) if each.key == f"appended/{who}")
                model.appended[who] = kept.stamp.ms
                model.pages[who] = {f"{who}-{number}" for number in range(1, DECKS[who] + 1)}
        elif act == "hear":
            those[who].hear(order)
        else:
            mine = made(those[who].order, act, how)
            outcome = await store.write(code, [those[who].change(mine, now)], now)
            if outcome.applied[0]:
                model.wrote(those[who], mine, outcome.stamps[0])
        order = json.loads((await values(store, code)).get("pages", '{"order":[]}'))["order"]
        model.holds(order)
    return order


async def _registers(store: Store, code: str) -> Sequence[Any]:
    snapshot = await store.load(code)
    assert snapshot is not None
    return snapshot.registers


@pytest.fixture(scope="module", params=["memory", "valkey"])
async def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Store]:
    """The reference, and the scripts."""
    if request.param == "memory":
        yield MemoryStore()
        return
    server = RedisServer(valkey_binary(), tmp_path_factory.mktemp("valkey"), {"appendonly": "no"}).start()
    redis = RedisStore(server.url)
    yield redis
    await redis.close()
    server.kill()


@settings(max_examples=150)
@given(
    those=st.lists(writers, min_size=3, max_size=3),
    steps=st.lists(st.tuples(delays, acts), max_size=25),
)
async def test_no_deck_is_lost_and_nothing_comes_back(
    store: Store, those: Sequence[Writer], steps: Sequence[Any]
) -> None:
    """Of a deck that has come, a page is missing only where one who knew the deck left it out, and then for good."""
    for writer in those:
        writer.order.clear()
        writer.decks.clear()
    await play(store, next(codes), those, steps)
