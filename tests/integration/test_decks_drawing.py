"""From a PDF to pages: what a lesson is told, and what a viewer can fetch."""

import asyncio
import io
import random
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from app.decks.limits import Limits
from scripts.lib.deck import Sheet, pdf, plain_deck
from tests.support.decks import Ledger, MemoryClaims, sent, serving, workers
from tests.support.hostile_pdfs import assemble, stream


def opened(image: bytes | None) -> Image.Image:
    assert image is not None
    picture = Image.open(io.BytesIO(image))
    assert picture.format == "WEBP"
    return picture.convert("RGB")


async def test_a_deck_is_drawn_whole(tmp_path: Path) -> None:
    """Two images and a text for each page, and a register that ends as ready."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "Trees", sent(plain_deck(7)))
        assert ledger.of(deck)[0]["status"] == "rendering", (
            "the register is there when the upload is answered"
        )
        end = await ledger.end(deck)
        assert end == {
            "name": "Trees",
            "status": "ready",
            "pages": 7,
            "done": 7,
            "widths": [800, 1600],
            "sizes": [[1600, 900]],
            "url": "/decks/{id}/{number}-{width}.webp",
        }
        for number in range(1, 8):
            assert opened(await decks.page(deck, number, 800)).size == (800, 450)
            assert opened(await decks.page(deck, number, 1600)).size == (1600, 900)
            assert await decks.text(deck, number) == f"Page {number}"
    done = [int(str(value["done"])) for value in ledger.of(deck)]
    assert done == sorted(done)
    assert ledger.ready == [("k7p4qx", deck, 7)]
    kept = {file.name for file in (tmp_path / "decks" / deck).iterdir()}
    assert {"source.pdf", "1-800.webp", "7-1600.webp", "7.txt"} <= kept


async def test_a_short_deck_is_told_in_three_writes(tmp_path: Path) -> None:
    """Accepted, first page, ready: whoever watches gets no more events than there are changes worth one."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "Short", sent(plain_deck(1)))
        await ledger.end(deck)
    assert [(value["status"], value["done"]) for value in ledger.of(deck)] == [
        ("rendering", 0),
        ("rendering", 1),
        ("ready", 1),
    ]


async def test_the_first_page_can_be_fetched_when_the_lesson_hears_of_it(tmp_path: Path) -> None:
    """The slide is set on it at that moment, and phones ask at once."""
    fetched: list[bytes | None] = []

    class Eager(Ledger):
        async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
            await super().ready_pages(lesson, deck, pages)
            fetched.append(await decks.page(deck, 1, 1600))

    ledger = Eager()
    async with serving(tmp_path, ledger) as decks:
        await ledger.end(await decks.submit("k7p4qx", "Trees", sent(plain_deck(3))))
    assert opened(fetched[0]).size == (1600, 900)


async def test_what_is_on_the_page_is_on_the_image(tmp_path: Path) -> None:
    """Colours where they belong, at both widths."""
    sheet = Sheet()
    sheet.box((0, 0), 480, 540, (1, 0, 0))
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "Halves", sent(pdf([sheet])))
        await ledger.end(deck)
        for width in (800, 1600):
            image = opened(await decks.page(deck, 1, width))
            middle = image.height // 2
            assert image.getpixel((width // 4, middle)) == (255, 0, 0)
            assert image.getpixel((3 * width // 4, middle)) == (255, 255, 255)


async def test_a_photograph_stays_small(tmp_path: Path) -> None:
    """Lossless WebP of it would be megabytes on a thousand phones."""
    rows = random.Random(1)
    noise = bytes(rows.randrange(256) for _ in range(3 * 160 * 120))
    photo = Image.frombytes("RGB", (160, 120), noise).resize((1600, 1200), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    photo.save(file, "PDF")
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "Photo", sent(file.getvalue()))
        await ledger.end(deck)
        image = await decks.page(deck, 1, 1600)
        assert image is not None
        assert len(image) < 400_000
        means = ImageStat.Stat(opened(image)).mean
        assert all(110 < mean < 145 for mean in means), "grey on the whole, as the noise is"


async def test_pages_of_different_shapes_tell_each_its_size(tmp_path: Path) -> None:
    """Also a page that lies on its side."""
    boxes = ["[0 0 400 300]", "[0 0 300 400]", "[0 0 300 400] /Rotate 90"]
    pages = {
        10 + n: b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents 4 0 R >>" % box.encode()
        for n, box in enumerate(boxes)
    }
    data = assemble(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [10 0 R 11 0 R 12 0 R] /Count 3 >>",
            4: stream(b""),
            **pages,
        }
    )
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "Shapes", sent(data))
        end = await ledger.end(deck)
        assert end["sizes"] == [[1600, 1200], [1600, 2133], [1600, 1200]]
        sizes = [opened(await decks.page(deck, number, 1600)).size for number in (1, 2, 3)]
        assert sizes == [(1600, 1200), (1600, 2133), (1600, 1200)]


@pytest.mark.parametrize(
    ("deck", "number", "width"),
    [
        ("000000", 1, 800),
        ("mine", 1, 800),
        ("../../", 1, 800),
        ("", 1, 800),
        (None, 0, 800),
        (None, -1, 800),
        (None, 4, 800),
        (None, 10**30, 800),
        (None, 1, 801),
        (None, 1, 0),
    ],
)
async def test_what_no_deck_has_is_none(deck: str | None, number: int, width: int, tmp_path: Path) -> None:
    """Whatever the address says, nothing outside of decks is read."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        mine = await decks.submit("k7p4qx", "Trees", sent(plain_deck(3)))
        await ledger.end(mine)
        assert await decks.page(deck if deck is not None else mine, number, width) is None
        if width == 800:
            assert await decks.text(deck if deck is not None else mine, number) is None


async def test_a_removed_deck_is_gone(tmp_path: Path) -> None:
    """From the store and from memory; other decks stay."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        gone, kept = [await decks.submit("k7p4qx", "Trees", sent(plain_deck(1))) for _ in range(2)]
        await asyncio.gather(ledger.end(gone), ledger.end(kept))
        await decks.remove(gone)
        await decks.remove("../..")
        assert await decks.page(gone, 1, 800) is None
        assert await decks.page(kept, 1, 800) is not None
        assert [file.name for file in (tmp_path / "decks" / gone).glob("*")] == []


async def test_three_hundred_pages_are_a_deck(tmp_path: Path) -> None:
    """The hostile files have one with 301, which is none."""
    ledger = Ledger()
    limits = Limits(widths=(16,), pages=300)
    async with serving(tmp_path, ledger, limits=limits) as decks:
        deck = await decks.submit("k7p4qx", "Long", sent(plain_deck(300)))
        end = await ledger.end(deck)
        assert (end["status"], end["done"]) == ("ready", 300)
        assert await decks.text(deck, 300) == "Page 300"


async def test_a_store_that_refuses_fails_the_deck_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The teacher reads that it is the server; the operator reads why."""

    class Spoiler(Ledger):
        async def ready_pages(self, lesson: str, deck: str, pages: int) -> None:
            await super().ready_pages(lesson, deck, pages)
            (tmp_path / "decks" / deck).rename(tmp_path / "decks" / "moved")
            (tmp_path / "decks" / deck).write_text("in the way")

    ledger, claims = Spoiler(), MemoryClaims()
    async with serving(tmp_path, ledger, claims) as decks:
        end = await ledger.end(await decks.submit("k7p4qx", "Trees", sent(plain_deck(3))))
        assert str(end["error"]).startswith("The server could not finish this deck.")
        assert "not for its PDF" in caplog.text
        assert "Traceback" in caplog.text
        assert claims.unfinished == set()
        assert workers() == []
