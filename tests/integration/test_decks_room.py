"""What decks take of a store is bounded, and no file stays that nobody needs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.core.codes import new_code
from app.decks.disk import Disk
from app.decks.limits import Limits
from app.decks.objects import open_store, source_key
from app.decks.reasons import DiskFull, LessonFull
from app.decks.service import Decks
from app.feed.hub import Hub
from app.store.contract import Change
from app.store.deckbook import DeckBook
from app.store.redis import RedisStore
from app.web.deckregisters import DeckRegisters
from app.web.housekeeping import Housekeeping
from scripts.lib.deck import plain_deck
from scripts.lib.teacher import Teacher
from tests.conftest import Serve
from tests.support.decks import Ledger, MemoryClaims, sent, serving, until
from tests.support.redis_server import RedisServer
from tests.support.wire import assert_problem

NOW = 1_790_000_000_000
BROKEN = b"%PDF-1.7\nnothing more"


def files(folder: Path) -> list[str]:
    """The files that decks have left in a folder."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


@pytest.fixture
async def store(valkey: RedisServer) -> AsyncIterator[RedisStore]:
    """A store to keep a deck book in."""
    redis = RedisStore(valkey.url)
    yield redis
    await redis.close()


async def test_a_lesson_has_so_many_decks(tmp_path: Path, store: RedisStore) -> None:
    """One more is refused and leaves nothing; a failed one does not count, nor does another lesson's."""
    ledger, limits, book = Ledger(), Limits(lesson_decks=2), DeckBook(store.redis, "w")
    mine, other = new_code(), new_code()
    async with serving(tmp_path, ledger, book, limits) as decks:
        broken = await decks.submit(mine, "broken", sent(BROKEN))
        assert (await ledger.end(broken))["status"] == "failed"
        await until(lambda: not decks.in_hand)
        for _ in range(2):
            deck = await decks.submit(mine, "deck", sent(plain_deck(1)))
            assert (await ledger.end(deck))["status"] == "ready"
        before = files(tmp_path)
        with pytest.raises(LessonFull, match="2 PDFs"):
            await decks.submit(mine, "deck", sent(plain_deck(1)))
        assert files(tmp_path) == before
        assert (await ledger.end(await decks.submit(other, "deck", sent(plain_deck(1)))))["status"] == "ready"


async def test_a_lesson_has_so_many_bytes(tmp_path: Path, store: RedisStore) -> None:
    """Pages count as well as the PDF; what is removed is free again."""
    ledger, book, lesson = Ledger(), DeckBook(store.redis, "w"), new_code()
    pdf = plain_deck(3)
    async with serving(tmp_path, ledger, book, Limits(lesson_bytes=2 * len(pdf) + 100)) as decks:
        deck = await decks.submit(lesson, "deck", sent(pdf))
        assert (await ledger.end(deck))["status"] == "ready"
        await until(lambda: not decks.in_hand)
        with pytest.raises(LessonFull):
            await decks.submit(lesson, "deck", sent(pdf))
        await decks.remove(deck)
        await book.cross_out(deck)
        assert await decks.submit(lesson, "deck", sent(pdf))


async def test_two_at_once_do_not_pass_the_bound(store: RedisStore) -> None:
    """Each is counted before it is let in."""
    lesson, limits = new_code(), Limits(lesson_decks=5)
    books = [DeckBook(store.redis, f"w{number}") for number in range(2)]
    asked = [books[number % 2].arrive(new_code(), lesson, 1, limits) for number in range(20)]
    assert sum(await asyncio.gather(*asked)) <= 5
    assert await books[0].arrive(new_code(), lesson, 1, Limits(lesson_decks=6))


async def test_a_full_lesson_says_so(serve: Serve, redis_url: str) -> None:
    """With a type of its own and a sentence."""
    store = RedisStore(redis_url)
    with serve(redis_url=redis_url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            book = DeckBook(store.redis, "w")
            for _ in range(Limits().lesson_decks):
                assert await book.arrive(new_code(), teacher.lesson, 1, Limits())
            headers = teacher.auth | {"Content-Type": "application/pdf"}
            answer = await http.post(f"{teacher.path}/decks", content=plain_deck(1), headers=headers)
            told = assert_problem(answer, httpx.codes.CONFLICT)
            assert told["type"] == "/problems/decks-full"
            assert "40 PDFs" in told["detail"]
    await store.close()


async def test_of_a_deck_that_shows_nothing_no_file_stays(tmp_path: Path) -> None:
    """It has failed before its first page: the PDF goes, and its entry."""
    ledger, claims = Ledger(), MemoryClaims()
    async with serving(tmp_path, ledger, claims) as decks:
        deck = await decks.submit("k7p4qx", "broken", sent(BROKEN))
        failed = await ledger.end(deck)
        assert (failed["status"], failed["done"]) == ("failed", 0)
        await until(lambda: not decks.in_hand)
    assert files(tmp_path) == []
    assert claims.entered == {}
    assert claims.unfinished == set()


async def test_what_was_shown_of_a_failed_deck_stays(tmp_path: Path) -> None:
    """Its pages, its PDF, and in the register how many there are, also where another process had drawn them."""
    ledger, claims = Ledger(), MemoryClaims(lapse=0)
    limits = Limits(renew_seconds=0.1, takeover_seconds=0.1, takeovers=0)
    async with serving(tmp_path, ledger, claims, Limits(drawn_bytes=1)) as decks:
        heavy = await decks.submit("k7p4qx", "heavy", sent(plain_deck(2)))
        failed = await ledger.end(heavy)
        assert "too much room" in str(failed["error"])
        await until(lambda: not decks.in_hand)
        assert files(tmp_path) == []
    async with serving(tmp_path, ledger, claims) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(plain_deck(2)))
        await ledger.end(deck)
        await until(lambda: not decks.in_hand)
    await claims.claim(deck, "k7p4qx", "deck")  # as if its process had been killed before it could say so
    ledger.told = [each for each in ledger.told if each[2]["status"] == "rendering"]
    before = files(tmp_path)
    async with serving(tmp_path, ledger, claims, limits):
        failed = await ledger.end(deck)
        assert (failed["status"], failed["pages"]) == ("failed", 2)
        assert int(str(failed["done"])) >= 1
        await until(lambda: not claims.unfinished)
    assert files(tmp_path) == before


async def test_a_deck_is_entered_before_its_file_is_stored(tmp_path: Path) -> None:
    """A store that is mute at its entry: no file."""

    class Mute(MemoryClaims):
        async def arrive(self, deck: str, lesson: str, size: int, limits: Limits) -> bool:
            raise ConnectionError("no answer in time")

    async with serving(tmp_path, Ledger(), Mute()) as decks:
        with pytest.raises(ConnectionError):
            await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
    assert files(tmp_path) == []


async def test_a_store_that_goes_mute_after_the_file_leaves_none(tmp_path: Path) -> None:
    """The upload is refused; once the store is back, file and entry go."""

    class Away(MemoryClaims):
        away = True

        async def claim(self, deck: str, lesson: str, name: str) -> bool:
            assert files(tmp_path) == [source_key(deck)]
            raise ConnectionError("no answer in time")

        async def cross_out(self, deck: str) -> None:
            await super().cross_out(deck)

    claims = Away()
    async with serving(tmp_path, Ledger(), claims) as decks:
        with pytest.raises(ConnectionError):
            await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
        await until(lambda: not claims.entered)
    assert files(tmp_path) == []


async def test_a_process_that_was_killed_between_the_two_leaves_work_for_housekeeping(
    tmp_path: Path, store: RedisStore, valkey: RedisServer
) -> None:
    """Its file is found by its entry, once the time to arrive is over; what is still arriving is left alone."""
    book, objects, lesson = DeckBook(store.redis, "w"), open_store(str(tmp_path)), new_code()
    await store.create(lesson, [Change("lesson", "{}")], NOW)
    for deck in ("aaaaaa", "bbbbbb", "cccccc"):
        assert await book.arrive(deck, lesson, 5, Limits())
        await objects.put(source_key(deck), b"%PDF-")
    await store.write(lesson, [Change("deck/cccccc", '{"status":"ready","done":1}')], NOW)
    with valkey.client() as client:
        client.delete("lectern:arriving:aaaaaa", "lectern:arriving:cccccc")  # their time is over
    decks = Decks(objects, Ledger(), book)
    await Housekeeping(book, decks).step()
    assert files(tmp_path) == [source_key("bbbbbb"), source_key("cccccc")]
    assert await book.lesson("aaaaaa") is None
    await store.write(lesson, [Change("deck/cccccc", '{"status":"failed","done":0}')], NOW)
    await Housekeeping(book, decks).step()
    assert files(tmp_path) == [source_key("bbbbbb")], "a failed deck whose files could not be removed at once"


async def test_the_disks_reserve_is_left(tmp_path: Path) -> None:
    """Uploads are refused first; a deck under way ends with a reason, and what it has shown stays."""
    free = [1000]
    disk = Disk([tmp_path], 500, lambda _: free[0] * 1024)
    disk_full = Disk([tmp_path], 500 * 1024, lambda _: 400 * 1024)
    ledger = Ledger()
    async with serving(tmp_path, ledger, disk=disk_full) as decks:
        with pytest.raises(DiskFull, match="nearly full"):
            await decks.submit("k7p4qx", "deck", sent(plain_deck(1)))
    assert files(tmp_path) == []

    class Filling(Ledger):
        async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
            await super().ready_pages(lesson, deck, pages)
            free[0] = 0

    filling = Filling()
    async with serving(tmp_path, filling, disk=disk) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(plain_deck(5)))
        failed = await filling.end(deck)
        assert "disk is nearly full" in str(failed["error"])
        assert failed["done"] == 1
        assert await decks.page(deck, 1, 800) is not None


async def test_a_process_that_was_stopped_spoils_nothing(tmp_path: Path, store: RedisStore) -> None:
    """Another has taken its deck over meanwhile: it removes no file, says nothing of it, and ends no claim but its own."""
    claims = MemoryClaims()

    class Stopped(Ledger):
        async def progress(self, lesson: str, deck: str, value: dict[str, object]) -> None:
            await super().progress(lesson, deck, value)
            claims.others.add(deck)

    stopped = Stopped()
    async with serving(tmp_path, stopped, claims) as decks:
        deck = await decks.submit("k7p4qx", "broken", sent(BROKEN))
        await until(lambda: not decks.in_hand)
    assert stopped.last(deck)["status"] == "rendering"
    assert files(tmp_path) == [source_key(deck)]
    assert claims.unfinished == {deck}
    mine, other = DeckBook(store.redis, "mine"), DeckBook(store.redis, "other")
    name = new_code()
    assert await mine.claim(name, "k7p4qx", "Slides")
    await other.renew(name)
    assert await mine.mine(name)
    assert not await other.mine(name)
    await mine.release(name)
    assert await other.mine(name)
    await mine.cross_out(name)


async def test_a_deck_that_is_ready_stays_it(store: RedisStore) -> None:
    """By two processes one deck was drawn: the slower one's register does not come after the other's."""
    hub, lesson = Hub(store, "w"), new_code()
    await store.create(
        lesson,
        [
            Change("lesson", '{"title":"","created":0,"status":"live"}'),
            Change("deck/dddddd", '{"status":"ready","done":2}'),
        ],
        NOW,
    )
    registers = DeckRegisters(hub)
    await registers.progress(lesson, "dddddd", {"status": "failed", "done": 1})
    kept = await store.load(lesson)
    assert kept is not None
    assert {each.key: each.raw for each in kept.registers}["deck/dddddd"] == '{"status":"ready","done":2}'
