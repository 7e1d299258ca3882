"""Hot pages: bounded, loaded once, and never wrong."""

import asyncio

import pytest

from app.decks.cache import Cache


class Shelf:
    """Where pages are loaded from; each load waits for `open`."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def load(self, key: str) -> bytes | None:
        self.asked.append(key)
        await self.open.wait()
        return self.pages.get(key)


async def test_a_page_is_loaded_once() -> None:
    """The second reader gets it from memory."""
    shelf, cache = Shelf(a=b"page"), Cache(100)
    assert [await cache.get("a", shelf.load) for _ in range(3)] == [b"page"] * 3
    assert shelf.asked == ["a"]


async def test_a_thousand_readers_at_once_cause_one_load() -> None:
    """A page turn is exactly this."""
    shelf, cache = Shelf(a=b"page"), Cache(100)
    shelf.open.clear()
    readers = [asyncio.create_task(cache.get("a", shelf.load)) for _ in range(1000)]
    await asyncio.sleep(0)
    shelf.open.set()
    assert set(await asyncio.gather(*readers)) == {b"page"}
    assert shelf.asked == ["a"]


async def test_a_reader_that_leaves_does_not_take_the_page_along() -> None:
    """The phone that asked first may be gone before the page is there."""
    shelf, cache = Shelf(a=b"page"), Cache(100)
    shelf.open.clear()
    first, second = (asyncio.create_task(cache.get("a", shelf.load)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    shelf.open.set()
    assert await second == b"page"
    assert shelf.asked == ["a"]


async def test_an_error_reaches_its_readers_and_is_not_kept() -> None:
    """The next reader tries again."""
    shelf, cache = Shelf(a=b"page"), Cache(100)

    async def fail(key: str) -> bytes | None:
        raise OSError(key)

    results = await asyncio.gather(*(cache.get("a", fail) for _ in range(2)), return_exceptions=True)
    assert [type(result) for result in results] == [OSError, OSError]
    assert await cache.get("a", shelf.load) == b"page"


async def test_what_is_not_there_is_asked_for_again() -> None:
    """It may be drawn by then."""
    shelf, cache = Shelf(), Cache(100)
    assert await cache.get("a", shelf.load) is None
    shelf.pages["a"] = b"page"
    assert await cache.get("a", shelf.load) == b"page"


async def test_the_page_used_longest_ago_leaves_first() -> None:
    """The bound is in bytes."""
    shelf, cache = Shelf(a=bytes(40), b=bytes(40), c=bytes(40)), Cache(100)
    for key in "abac":
        await cache.get(key, shelf.load)
    assert cache.held_bytes == 80
    await cache.get("a", shelf.load)
    await cache.get("b", shelf.load)
    assert shelf.asked == ["a", "b", "c", "b"]


@pytest.mark.parametrize(("size", "held"), [(100, 100), (101, 0)])
async def test_a_page_larger_than_the_bound_is_served_and_not_kept(size: int, held: int) -> None:
    """And it pushes nothing out."""
    cache = Cache(100)
    assert await cache.get("a", Shelf(a=bytes(size)).load) == bytes(size)
    assert cache.held_bytes == held


def test_replacing_and_dropping_keep_the_account() -> None:
    """Bytes held are the bytes of what is there."""
    cache = Cache(100)
    cache.put("decks/a/1", bytes(10))
    cache.put("decks/a/1", bytes(30))
    cache.put("decks/a/2", bytes(30))
    cache.put("decks/b/1", bytes(5))
    assert cache.held_bytes == 65
    cache.drop_below("decks/a/")
    assert cache.held_bytes == 5
    cache.drop("decks/b/1")
    cache.drop("decks/b/1")
    assert cache.held_bytes == 0
