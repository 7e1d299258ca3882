"""Last writer wins: what a lesson becomes depends on which writes were made, and on nothing else."""

from collections.abc import Iterable

from hypothesis import given, strategies as st

from app.core.keys import EPHEMERAL, is_prefix, prefixes
from app.core.lesson import NULL, Lesson, Position, Write
from app.core.stamp import Stamp
from tests.support.writes import INK, POLLS, REST, STROKE, folded, logical, stamps, state, value, writes

KEYS = (*INK, *POLLS, *REST)


def told_apart(write: Write) -> Write:
    """The same write with a value that is a function of key and stamp: a stamp is given to one value only."""
    deletes = is_prefix(write.key) or write.stamp.counter == 1
    return write._replace(raw=NULL if deletes else value(write.key, str(write.stamp)))


one_write = (writes(KEYS) | writes(STROKE)).map(told_apart)
# Two writes of one key and one stamp have one value, so drawn lists hold each once.
lists = st.lists(one_write, max_size=14, unique_by=lambda write: (write.key, write.stamp))


def merged(*lessons: Iterable[Write]) -> Lesson:
    """All the writes of all, in the order given."""
    return folded([write] for lesson in lessons for write in lesson)


def as_writes(lesson: Lesson) -> list[Write]:
    """A lesson's registers, as the writes that made them."""
    return [Write(each.key, each.stamp, each.raw, each.mark) for each in logical(lesson)]


def expected(given: Iterable[Write]) -> dict[str, tuple[Stamp, str]]:
    """The rule in its own words: per key the highest stamp, unless a covering clear is higher."""
    best: dict[str, Write] = {}
    for write in given:
        if write.key not in best or best[write.key].stamp < write.stamp:
            best[write.key] = write
    kept = {
        key: write
        for key, write in best.items()
        if not any(prefix in best and best[prefix].stamp > write.stamp for prefix in prefixes(key))
    }
    return {key: (write.stamp, NULL if key in EPHEMERAL else write.raw) for key, write in kept.items()}


@given(lists)
def test_the_fold_is_what_the_rule_says(given: list[Write]) -> None:
    """The newest write of each key, without what a newer clear covers."""
    assert state(merged(given)) == expected(given)


@given(lists, st.data())
def test_order_and_repetition_do_not_matter(given: list[Write], data: st.DataObject) -> None:
    """Any order of the writes, any of them any number of times, in requests of any size."""
    again = data.draw(st.lists(st.sampled_from(given), max_size=8)) if given else []
    shuffled = data.draw(st.permutations([*given, *again]))
    assert state(merged(shuffled)) == state(merged(given))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert state(folded([shuffled[:cut], shuffled[cut:]])) == state(merged(given))


@given(lists, lists, lists)
def test_merging_is_commutative_associative_idempotent(
    a: list[Write], b: list[Write], c: list[Write]
) -> None:
    """Two copies that meet agree, whichever way round, and meeting again changes nothing."""
    x, y, z = (as_writes(merged(each)) for each in (a, b, c))
    assert state(merged(x, y)) == state(merged(y, x))
    assert state(merged(as_writes(merged(x, y)), z)) == state(merged(x, as_writes(merged(y, z))))
    assert state(merged(x, x)) == state(merged(x)) == state(merged(a))


@given(lists)
def test_a_repeated_write_is_not_applied(given: list[Write]) -> None:
    """What has been folded in says so when it comes again, and moves nothing."""
    lesson = merged(given)
    before = list(lesson)
    assert lesson.apply(Position(1_000, 0), given) == [False] * len(given)
    assert list(lesson) == before


@given(st.lists(one_write, max_size=14), stamps)
def test_nothing_older_is_left_below_a_clear(given: list[Write], stamp: Stamp) -> None:
    """Under every clear that stands there is nothing older than it but tombstones for those who have not been told."""
    lesson = merged(given, [Write("ink/", stamp, NULL)])
    for clear in (register for register in logical(lesson) if is_prefix(register.key)):
        assert all(each.stamp >= clear.stamp or each.raw == NULL for each in lesson.below(clear.key))


@given(st.lists(one_write, max_size=14))
def test_the_clear_below_a_register_is_no_register(given: list[Write]) -> None:
    """A lesson has room for so many strokes, not for half as many."""
    kept = {register.key for register in merged(given)}
    assert not any(key + "/" in kept for key in kept)


@given(st.lists(one_write, max_size=14), one_write)
def test_a_write_moves_what_it_changes(given: list[Write], last: Write) -> None:
    """Whatever a lesson holds: a clear leaves its survivors alone, values and positions."""
    lesson = merged(given)
    before = {register.key: register for register in lesson}
    lesson.apply(Position(1_000, 0), [last])
    after = {register.key: register for register in lesson}
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    if not is_prefix(last.key):
        assert changed <= {last.key, last.key + "/"}
        return
    itself = {last.key, last.key[:-1]}
    assert all(key in itself or last.key in prefixes(key) for key in changed)
    for key in changed - itself:
        assert before[key].stamp < last.stamp
        assert key not in after or after[key].raw == NULL


@given(st.lists(one_write, max_size=14), st.integers(0, 14))
def test_a_rebuilt_fold_goes_on_as_the_first_would(given: list[Write], cut: int) -> None:
    """A fold made of another's registers is that fold: registers, positions, and what changed since when."""
    first = merged(given[:cut])
    second = Lesson(reversed(list(first)), first.position)
    for number, write in enumerate(given[cut:], 100):
        assert first.apply(Position(number, 0), [write]) == second.apply(Position(number, 0), [write])
    assert sorted(first) == sorted(second)
    for since in {register.position for register in first}:
        assert first.changed(since) == second.changed(since)
    for prefix in ("ink/", "ink/a-1/", "ink/a-1/s/", "poll/"):
        assert first.below(prefix) == second.below(prefix)
