"""What a lesson leaves behind goes after it: the files of its decks."""

from pathlib import Path

import pytest

from app.core.codes import new_code
from app.decks.objects import open_store, source_key
from app.decks.service import Decks
from app.store.contract import Change
from app.store.deckbook import DeckBook
from app.store.redis import RedisStore
from app.web.housekeeping import Housekeeping
from tests.support.redis_server import RedisServer

NOW = 1_790_000_000_000


class Nobody:
    """A sink for a deck that is not drawn."""

    async def progress(self, lesson: str, deck: str, value: dict[str, object]) -> None:
        pytest.fail("nothing is drawn here")

    async def standing(self, lesson: str, deck: str) -> dict[str, object] | None:
        pytest.fail("nothing is drawn here")

    async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
        pytest.fail("nothing is drawn here")


async def test_the_files_of_a_deck_go_with_its_lesson(valkey: RedisServer, tmp_path: Path) -> None:
    """A deck whose lesson is there stays; when the store has removed the lesson, its files go, and its entry."""
    store = RedisStore(valkey.url)
    book = DeckBook(store.redis, "w")
    objects = open_store(str(tmp_path))
    decks = Decks(objects, Nobody(), book)
    gone, kept = new_code(), new_code()
    for lesson, deck in ((gone, "aaaaaa"), (kept, "bbbbbb")):
        await store.create(lesson, [Change("lesson", "{}")], NOW)
        await objects.put(source_key(deck), b"%PDF-")
        assert await book.claim(deck, lesson, "Slides")
        await book.release(deck)
        await store.write(lesson, [Change(f"deck/{deck}", '{"status":"ready","done":1}')], NOW)
    with valkey.client() as client:
        client.delete(f"lectern:{{{gone}}}:meta")
    await Housekeeping(book, decks).step()
    assert not await objects.exists(source_key("aaaaaa"))
    assert await objects.exists(source_key("bbbbbb"))
    assert await book.lesson("aaaaaa") is None
    assert await book.lesson("bbbbbb") == kept
    await store.close()
