"""An upload becomes a file without a name, within its bound."""

from collections.abc import AsyncIterator

import pytest

from app.decks.limits import Limits
from app.decks.reasons import NotADeck, TooLarge
from app.decks.upload import Arrivals
from tests.support.decks import sent

SMALL = Limits(upload_bytes=1000)


@pytest.mark.parametrize("size", [1, 999, 1000])
async def test_what_fits_arrives_whole(size: int) -> None:
    """Flushed and at its start, for whoever reads it by its descriptor."""
    data = bytes(range(256)) * 4
    with await Arrivals(SMALL).receive(sent(data[:size], 100)) as file:
        assert file.read() == data[:size]


async def test_what_is_too_large_is_refused_as_soon_as_it_is() -> None:
    """The rest is not asked for."""
    asked: list[None] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            asked.append(None)
            yield bytes(400)

    with pytest.raises(TooLarge, match="larger than 0 MiB"):
        await Arrivals(SMALL).receive(endless())
    assert len(asked) == 3


@pytest.mark.parametrize("size", [1, 10])
async def test_nothing_is_no_deck(size: int) -> None:
    """Empty chunks included."""

    async def hollow() -> AsyncIterator[bytes]:
        for _ in range(size):
            yield b""

    with pytest.raises(NotADeck):
        await Arrivals(SMALL).receive(hollow())


async def test_an_upload_that_breaks_off_goes_up_as_it_is() -> None:
    """The web knows what a lost client means."""

    async def lost() -> AsyncIterator[bytes]:
        yield b"%PDF"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await Arrivals(SMALL).receive(lost())
