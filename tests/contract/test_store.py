"""The store's contract: lessons, writes, refusals."""

import pytest

from app.core.lesson import NULL, START, Position, Register
from app.core.stamp import AHEAD_MS, COUNTER_MAX, PULLED_MAX, Stamp
from app.store.contract import Change, Outcome, Reason, Store
from tests.support.stores import ABOUT, NOW, counted, loaded, refused, values

FAR = NOW + AHEAD_MS + 1


def a(ms: int, counter: int = 0, writer: str = "a") -> Stamp:
    """A stamp."""
    return Stamp(ms, counter, writer)


async def test_a_lesson_is_created_once(store: Store, code: str) -> None:
    """With its first registers; the second time the code is taken, and nothing changes."""
    assert await store.load(code) is None
    assert await store.create(code, [ABOUT, Change("slide", '{"page":"a-1"}', a(5))], NOW)
    first = await loaded(store, code)
    position = Position(NOW, 0)
    assert first.registers == [
        Register("lesson", Stamp(NOW, 0, "server"), ABOUT.raw, 0, position),
        Register("slide", a(5), '{"page":"a-1"}', 0, position),
    ]
    assert (first.position, first.number) == (position, 1)
    assert not await store.create(code, [Change("lesson", '{"title":"other"}')], NOW + 1)
    assert await loaded(store, code) == first


async def test_a_lesson_that_does_not_exist(store: Store, code: str) -> None:
    """Has no state, takes no write and no vote, and has no counts."""
    assert await refused(store, code, [ABOUT]) is Reason.UNKNOWN
    assert await refused(store, code, [], end=True) is Reason.UNKNOWN
    assert await store.publish(code, NOW) == 0
    assert await counted(store, code, "x") == ([], 0)


async def test_one_register_is_looked_at_alone(store: Store, code: str) -> None:
    """Its value, a tombstone too, and None where there is no such register or lesson."""
    assert await store.peek(code, "screen") is None
    await store.create(code, [ABOUT, Change("screen", '{"mode":"black"}')], NOW)
    assert await store.peek(code, "screen") == '{"mode":"black"}'
    assert await store.peek(code, "slide") is None
    await store.write(code, [Change("screen", NULL)], NOW)
    assert await store.peek(code, "screen") == NULL


async def test_a_lesson_that_has_ended(store: Store, code: str) -> None:
    """Takes what came with its end, then nothing more; its state stays."""
    await store.create(code, [ABOUT], NOW)
    await store.write(code, [Change("screen", '{"mode":"black"}')], NOW, end=True)
    assert await refused(store, code, [Change("screen", '{"mode":"white"}')]) is Reason.ENDED
    assert await refused(store, code, [Change("screen", NULL)]) is Reason.ENDED
    assert await refused(store, code, [], end=True) is Reason.ENDED
    assert await values(store, code) == {"screen": '{"mode":"black"}'}


async def test_a_write_tells_what_it_did(store: Store, code: str) -> None:
    """The position after it, and for each change, was it applied and under what stamp."""
    await store.create(code, [ABOUT], NOW)
    done = await store.write(code, [Change("slide", "1", a(5)), Change("screen", "2", a(6))], NOW + 1)
    assert done == Outcome(Position(NOW + 1, 0), [True, True], [a(5), a(6)])
    done = await store.write(code, [Change("slide", "3", a(4)), Change("screen", "4", a(7))], NOW + 2)
    assert done == Outcome(Position(NOW + 2, 0), [False, True], [a(4), a(7)])
    assert await values(store, code) == {"slide": "1", "screen": "4"}


async def test_a_write_that_beats_nothing_is_no_entry(store: Store, code: str) -> None:
    """A repeated request moves neither the position nor the number."""
    await store.create(code, [ABOUT], NOW)
    changes = [Change("slide", "1", a(5)), Change("ink/p/s", "2", a(6))]
    await store.write(code, changes, NOW + 1)
    before = await loaded(store, code)
    assert await store.write(code, changes, NOW + 9) == Outcome(before.position, [False, False], [a(5), a(6)])
    assert await store.write(code, [], NOW + 9) == Outcome(before.position, [], [])
    assert await loaded(store, code) == before


async def test_positions_rise_with_any_clock(store: Store, code: str) -> None:
    """Two writes in a millisecond, or a worker whose clock is behind."""
    await store.create(code, [ABOUT], NOW)
    told = [
        (await store.write(code, [Change("slide", str(now))], now)).position
        for now in (NOW, NOW - 9_000, NOW + 1)
    ]
    assert told == [Position(NOW, 1), Position(NOW, 2), Position(NOW + 1, 0)]
    assert (await loaded(store, code)).number == 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("B", "a"),
        ("Z", "_"),
        ("_", "a"),
        ("-", "0"),
        ("9", "A"),
        ("a-", "a0"),
        ("a", "a-"),
        ("a_", "aa"),
        ("z", "zz"),
    ],
)
async def test_writers_are_compared_as_bytes(store: Store, code: str, first: str, second: str) -> None:
    """Not as a dictionary of the server's locale would: the second wins, whichever comes first."""
    await store.create(code, [ABOUT], NOW)
    low, high = Change("slide", "1", a(5, 0, first)), Change("slide", "2", a(5, 0, second))
    clear, kept = Change("ink/", NULL, a(5, 0, first)), Change("ink/p/s", "3", a(5, 0, second))
    assert (await store.write(code, [high, low, kept, clear], NOW)).applied == [True, False, True, True]
    assert await values(store, code) == {"ink/": NULL, "ink/p/s": "3", "slide": "2"}


async def test_numbers_are_compared_as_numbers(store: Store, code: str) -> None:
    """Ten is more than nine, in milliseconds and in counters."""
    await store.create(code, [ABOUT], NOW)
    order = [a(9, 9), a(9, 10), a(10, 0), a(10, COUNTER_MAX), a(11, 0)]
    done = await store.write(code, [Change("slide", "1", stamp) for stamp in order], NOW)
    assert done.applied == [True] * 5
    done = await store.write(code, [Change("slide", "1", stamp) for stamp in order[-2::-1]], NOW)
    assert done.applied == [False] * 4


async def test_a_clear_and_what_comes_late(store: Store, code: str) -> None:
    """The stroke drawn before the clear is told as gone and stays away, the one drawn after it stays where it was."""
    await store.create(code, [ABOUT], NOW)
    await store.write(
        code,
        [Change("ink/p/s", "1", a(5)), Change("ink/p/t", "2", a(8)), Change("ink/q/s", "3", a(5))],
        NOW + 1,
    )
    done = await store.write(code, [Change("ink/p/", NULL, a(7))], NOW + 2)
    assert done.applied == [True]
    done = await store.write(code, [Change("ink/p/u", "4", a(6)), Change("ink/p/v", "5", a(7))], NOW + 3)
    assert done.applied == [False, True]
    kept = {each.key: (each.position, each.raw) for each in (await loaded(store, code)).registers}
    assert kept == {
        "lesson": (Position(NOW, 0), ABOUT.raw),
        "ink/p/": (START, NULL),
        "ink/p/s": (Position(NOW + 2, 0), NULL),
        "ink/p/t": (Position(NOW + 1, 0), "2"),
        "ink/p/v": (Position(NOW + 3, 0), "5"),
        "ink/q/s": (Position(NOW + 1, 0), "3"),
    }
    assert (await store.write(code, [Change("ink/p/", NULL, a(9))], NOW + 4)).applied == [True]
    positions = {each.key: each.position for each in (await loaded(store, code)).registers}
    assert positions == {
        "lesson": Position(NOW, 0),
        "ink/p/": Position(NOW + 4, 0),
        "ink/q/s": Position(NOW + 1, 0),
    }


async def test_a_stroke_and_the_clear_of_its_pieces_are_one_register(store: Store, code: str) -> None:
    """In any order, in one request or in two; late pieces stay away all the same."""
    await store.create(code, [ABOUT], NOW)
    stroke, clear, piece = "ink/p/s", "ink/p/s/", "ink/p/s/0"
    for number, requests in enumerate(
        [
            [[(piece, "1", 5)], [(stroke, "2", 6), (clear, NULL, 7)]],
            [[(piece, "1", 5)], [(clear, NULL, 7), (stroke, "2", 6)]],
            [[(piece, "1", 5)], [(clear, NULL, 7)], [(stroke, "2", 6)]],
            [[(stroke, "2", 6)], [(piece, "1", 5)], [(clear, NULL, 7)], [(piece, "1", 6)]],
        ]
    ):
        lesson = f"{code}-{number}"
        await store.create(lesson, [ABOUT], NOW)
        for request in requests:
            await store.write(lesson, [Change(key, raw, a(ms)) for key, raw, ms in request], NOW)
        assert (await store.write(lesson, [Change(piece, "1", a(6))], NOW)).applied == [False]
        assert await values(store, lesson) == {stroke: "2"}
        kept = (await loaded(store, lesson)).registers[0]
        assert kept.key == stroke
        assert kept.cover is not None
        assert kept.cover.stamp == a(7)
        assert (await store.write(lesson, [Change(clear, NULL, a(7))], NOW)).applied == [False]
        assert (await store.write(lesson, [Change(piece, "3", a(7))], NOW)).applied == [True]
        assert (await store.write(lesson, [Change(stroke, NULL, a(8))], NOW)).applied == [True]
        assert await values(store, lesson) == {stroke: NULL, piece: "3"}
        assert (await store.write(lesson, [Change(piece, "1", a(6))], NOW)).applied == [False]


async def test_one_request_may_hold_many_writes(store: Store, code: str) -> None:
    """As many as the contract allows, the same key among them more than once."""
    await store.create(code, [ABOUT], NOW)
    changes = [Change(f"ink/p/s{number % 200}", str(number), a(5 + number)) for number in range(256)]
    done = await store.write(code, changes, NOW)
    assert done.applied == [True] * 256
    assert await values(store, code) == {f"ink/p/s{n}": str(n + 200 if n < 56 else n) for n in range(200)}


TEXTS = [
    '"\\u0000"',
    '"\\r\\n"',
    '"\u2028\u2029"',
    '"|"',
    '"é😀"',
    '"%d%%"',
    '"\\\\\\""',
    "[]",
    "1e999",
    '"' + "x" * 60_000 + '"',
]


async def test_values_come_back_as_they_were(store: Store, code: str) -> None:
    """JSON text is opaque: nothing in it means anything to a store."""
    await store.create(code, [ABOUT], NOW)
    await store.write(code, [Change(f"notes/n{place}", raw) for place, raw in enumerate(TEXTS)], NOW)
    assert await values(store, code) == {f"notes/n{place}": raw for place, raw in enumerate(TEXTS)}


async def test_the_pointer_is_not_kept(store: Store, code: str) -> None:
    """Its stamp is, so that an older one does not come back."""
    await store.create(code, [ABOUT], NOW)
    assert (await store.write(code, [Change("pointer", '{"x":1}', a(5))], NOW)).applied == [True]
    assert (await store.write(code, [Change("pointer", '{"x":0}', a(4))], NOW)).applied == [False]
    assert await values(store, code) == {"pointer": NULL}


async def test_a_stamp_far_ahead_is_pulled_back(store: Store, code: str) -> None:
    """To the store's clock, so that the next write of anybody else wins."""
    await store.create(code, [ABOUT], NOW)
    done = await store.write(
        code, [Change("slide", "1", a(FAR + 10**9, 3)), Change("screen", "1", a(FAR - 1))], NOW
    )
    assert done.stamps == [a(NOW, 3), a(FAR - 1)]
    done = await store.write(code, [Change("slide", "2", a(NOW + 1, 0, "b"))], NOW + 1)
    assert done.applied == [True]


async def test_a_far_ahead_request_that_is_repeated_is_the_same(store: Store, code: str) -> None:
    """Even when others have written or cleared since, and when the clock has caught up."""
    await store.create(code, [ABOUT], NOW)
    wanted = [Change("slide", "1", a(FAR)), Change("ink/p/s", "1", a(FAR, 1))]
    first = await store.write(code, wanted, NOW)
    assert first.applied == [True, True]
    again = await store.write(code, wanted, NOW + 1)
    assert (again.applied, again.stamps) == ([False, False], first.stamps)
    await store.write(code, [Change("slide", "2"), Change("ink/p/", NULL)], NOW + 2)
    for now in (NOW + 3, FAR + 1_000):
        again = await store.write(code, wanted, now)
        assert (again.applied, again.stamps) == ([False, False], first.stamps)
    assert await values(store, code) == {"slide": "2", "ink/p/": NULL}


async def test_what_was_pulled_back_is_remembered_up_to_a_bound(store: Store, code: str) -> None:
    """Beyond `PULLED_MAX` all are forgotten, in both stores alike."""
    await store.create(code, [ABOUT], NOW)

    async def pulled(*counters: int) -> list[int]:
        changes = [Change("slide", "1", a(FAR, counter)) for counter in counters]
        return [stamp.counter for stamp in (await store.write(code, changes, NOW)).stamps]

    for start in range(0, PULLED_MAX, 250):
        assert await pulled(*range(start, start + 250)) == list(range(start, start + 250))
    assert await pulled(0, PULLED_MAX - 1) == [0, PULLED_MAX - 1]
    assert await pulled(PULLED_MAX, 0) == [PULLED_MAX, PULLED_MAX + 1]


async def test_the_stores_own_stamps_come_after_everything(store: Store, code: str) -> None:
    """After what runs ahead, and after a counter that has come to its end."""
    await store.create(code, [ABOUT], NOW)
    await store.write(code, [Change("slide", "1", a(NOW + 900, COUNTER_MAX - 1, "z"))], NOW)
    done = await store.write(code, [Change("slide", "2"), Change("slide", "3")], NOW)
    assert done.applied == [True, True]
    assert done.stamps == [Stamp(NOW + 900, COUNTER_MAX, "server"), Stamp(NOW + 901, 0, "server")]
    assert (await loaded(store, code)).registers[1].stamp == done.stamps[1]
