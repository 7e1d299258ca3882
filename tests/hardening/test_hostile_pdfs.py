"""Hostile and broken PDFs: each ends as failed, in words a teacher understands, or as harmless pages; in time, and alone.

Threats: files that exhaust memory, time, disk or the stack of whoever opens them, or crash or take over the renderer.
"""

import asyncio
import io
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import psutil
import pypdfium2
import pytest
from PIL import Image

from app.decks.limits import Limits
from app.decks.reasons import NotADeck
from app.decks.rendering import drawing
from scripts.lib.deck import plain_deck
from tests.support import hostile_pdfs as hostile
from tests.support.decks import Ledger, sent, serving, until, workers

PLAIN = plain_deck(5)

NOT_A_PDF = "This file is not a PDF. Export your slides as a PDF and try again."
PASSWORD = "This PDF is protected by a password. Save a copy without one and try again."
DAMAGED = "This PDF is damaged or incomplete. Export it again and upload the new file."
NO_PAGES = "This PDF has no pages. Export it again and upload the new file."
TOO_MANY = "This PDF has more than 300 pages. Split it and upload the parts."
PAGE_DAMAGED = "Page {page} of this PDF is damaged. Export it again and upload the new file."
SLOW_PAGE = (
    "Page {page} of this PDF takes too long to draw. Simplify it, or export it as a picture, and try again."
)
SLOW_DECK = "This PDF takes too long to draw. Split it and upload the parts, or export its pages as pictures."
CRASHED_OPEN = (
    "This PDF could not be opened: it is damaged or too complex. Export it again and upload the new file."
)
CRASHED = (
    "Page {page} of this PDF could not be drawn: it is damaged or too complex. Simplify it and try again."
)
MEMORY = "Page {page} of this PDF needs too much memory to draw. Simplify it, or export it as a picture, and try again."


async def end_of(data: bytes, folder: Path, limits: Limits | None = None) -> dict[str, object]:
    """The last state of the register of a deck of these bytes, and nothing left running."""
    ledger = Ledger()
    async with serving(folder, ledger, limits=limits) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(data))
        end = await ledger.end(deck)
        await until(lambda: workers() == [])
        # The process that serves is none the worse for it.
        sound = await decks.submit("k7p4qx", "sound", sent(plain_deck(1)))
        assert (await ledger.end(sound))["status"] == "ready"
    return end


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(2000), NOT_A_PDF, id="a picture"),
        pytest.param(b"<html>" + b"x" * 2000 + b"%PDF-1.4", NOT_A_PDF, id="a page of the web"),
        pytest.param(b"%PDF-1.7\n", DAMAGED, id="a header alone"),
        pytest.param(b"%PDF-1.7\n" + bytes(range(256)) * 400, DAMAGED, id="a header and noise"),
        pytest.param(hostile.encrypted(b"secret"), PASSWORD, id="encrypted"),
        pytest.param(hostile.no_pages(), NO_PAGES, id="no pages"),
        pytest.param(plain_deck(301), TOO_MANY, id="301 pages"),
        pytest.param(hostile.missing_page(), PAGE_DAMAGED.format(page=2), id="a page that is not there"),
        pytest.param(hostile.claims_pages(299), PAGE_DAMAGED.format(page=2), id="a count that lies"),
        pytest.param(hostile.tree_loop(), PAGE_DAMAGED.format(page=2), id="a tree that is its own child"),
        pytest.param(hostile.deep_tree(20_000), PAGE_DAMAGED.format(page=1), id="a tree 20,000 deep"),
    ],
)
async def test_a_broken_file_fails_with_a_reason(data: bytes, reason: str, tmp_path: Path) -> None:
    """The register says failed, and why."""
    end = await end_of(data, tmp_path)
    assert (end["status"], end.get("error")) == ("failed", reason)


@pytest.mark.parametrize("tenths", range(1, 10))
async def test_a_truncated_file_fails_or_shows_what_it_has(tenths: int, tmp_path: Path) -> None:
    """Cut anywhere, it ends, and never with a fault of the server's."""
    end = await end_of(PLAIN[: len(PLAIN) * tenths // 10], tmp_path)
    assert (end["status"], end.get("error")) in {("failed", DAMAGED), ("ready", None)}


async def test_an_empty_upload_is_no_deck(tmp_path: Path) -> None:
    """It is refused at once, and leaves no register."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        with pytest.raises(NotADeck, match="empty"):
            await decks.submit("k7p4qx", "deck", sent(b""))
    assert ledger.told == []


def test_the_encrypted_file_is_a_sound_one() -> None:
    """With the password it opens, so the failure above is the password's."""
    with pypdfium2.PdfDocument(hostile.encrypted(b"secret"), password="secret") as document:
        page = document[0]
        assert page.render().to_pil().getpixel((5, 5)) == (255, 0, 0)
        page.close()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        pytest.param(hostile.boxed("0 0 1000000000 1000000000"), (1600, 1600), id="huge"),
        pytest.param(hostile.boxed("0 0 1 1000000"), (1, 4096), id="very long"),
        pytest.param(hostile.boxed("0 0 1000000 1"), (1600, 1), id="very wide"),
        pytest.param(hostile.boxed("0 0 -400 -300"), (1600, 1200), id="negative"),
        pytest.param(hostile.boxed("0 0 0 0"), (1600, 2071), id="zero"),
        pytest.param(hostile.boxed("nan nan nan nan"), (1600, 2071), id="not numbers"),
        pytest.param(hostile.boxed("0 0 99999999999999999999999 1"), (1600, 2071), id="beyond numbers"),
        pytest.param(hostile.encrypted(b""), (1600, 1200), id="encrypted without a password"),
        pytest.param(hostile.claims_pages(10**9), (1600, 1200), id="a billion pages claimed, one there"),
        pytest.param(hostile.claims_pages(-1), (1600, 1200), id="minus one page claimed"),
        pytest.param(hostile.xref_loop(), (1600, 1200), id="a cross-reference loop"),
        pytest.param(hostile.object_stream_loop(), (1600, 1200), id="an object stream in itself"),
        pytest.param(hostile.deep_array(100_000), (1600, 1200), id="100,000 brackets"),
        pytest.param(hostile.form_loop(), (1600, 1200), id="a form that draws itself"),
        pytest.param(hostile.image_bomb(10_000), (1600, 1200), id="300 MB of picture in 1.3 MB"),
    ],
)
async def test_a_harmless_oddity_becomes_a_page(data: bytes, size: tuple[int, int], tmp_path: Path) -> None:
    """Pixels are capped whatever the page claims, and loops are not followed."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(data))
        end = await ledger.end(deck)
        assert (end["status"], end["sizes"]) == ("ready", [list(size)])
        image = await decks.page(deck, 1, 1600)
        assert image is not None
        assert Image.open(io.BytesIO(image)).size == size


async def test_text_without_end_is_cut(tmp_path: Path) -> None:
    """A page of 150,000 characters has the text of the limit, without its controls."""
    ledger = Ledger()
    async with serving(tmp_path, ledger, limits=Limits(text_chars=5000)) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(hostile.talkative(250)))
        await ledger.end(deck)
        text = await decks.text(deck, 1)
    assert text is not None
    assert 4000 < len(text) <= 5000
    assert set(text) <= set("abc \n")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(hostile.content_bomb(128), id="128 MB of drawing in 0.3 MB"),
        pytest.param(hostile.form_tower(12), id="a tower of forms"),
    ],
)
async def test_a_bomb_ends_at_the_memory_limit(data: bytes, tmp_path: Path) -> None:
    """The worker dies of it alone."""
    end = await end_of(data, tmp_path, Limits(memory_bytes=256 * 1024 * 1024))
    assert (end["status"], end.get("error")) == ("failed", CRASHED.format(page=1))


async def test_pixels_beyond_the_memory_limit_fail(tmp_path: Path) -> None:
    """Where Python runs out first, the reason says memory."""
    limits = Limits(widths=(4096,), memory_bytes=128 * 1024 * 1024)
    data = hostile.boxed("0 0 4096 4096")
    ledger = Ledger()
    async with serving(tmp_path, ledger, limits=limits) as decks:
        end = await ledger.end(await decks.submit("k7p4qx", "deck", sent(data)))
    assert (end["status"], end.get("error")) == ("failed", MEMORY.format(page=1))


async def test_what_a_dying_worker_says_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that does not fit into its memory: the teacher gets a reason, the operator the traceback, on one line."""
    end = await end_of(
        b"%PDF-1.7\n" + bytes(64 * 1024 * 1024), tmp_path, Limits(upload_bytes=10**9, memory_bytes=10**8)
    )
    assert (end["status"], end.get("error")) == ("failed", CRASHED_OPEN)
    (said,) = [record.getMessage() for record in caplog.records if "said" in record.getMessage()]
    assert "MemoryError" in said
    assert "\n" not in said


async def test_a_worker_nobody_reads_any_more_ends_at_once() -> None:
    """It is stuck in a full pipe when its deck fails for another reason."""
    noise = random.Random(1).randbytes(3 * 400 * 300)
    file = io.BytesIO()
    Image.frombytes("RGB", (400, 300), noise).save(file, "PDF")
    with tempfile.TemporaryFile() as source:
        source.write(file.getvalue())
        source.flush()
        async with drawing(source, Limits()) as worker:
            await worker.opened()
            (process,) = workers()
            await until(lambda: process.status() == psutil.STATUS_SLEEPING)
    assert workers() == []


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        pytest.param(Limits(page_seconds=5), SLOW_PAGE.format(page=3), id="a page's time"),
        pytest.param(Limits(deck_seconds=7), SLOW_DECK, id="the deck's time"),
        pytest.param(Limits(cpu_seconds=2), SLOW_DECK, id="CPU time"),
    ],
)
async def test_a_page_without_end_is_given_up(limits: Limits, reason: str, tmp_path: Path) -> None:
    """Each clock ends it, and the pages before it stay."""
    ledger = Ledger()
    async with serving(tmp_path, ledger, limits=limits) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(hostile.endless(before=2)))
        end = await ledger.end(deck)
        assert end == end | {"status": "failed", "error": reason, "pages": 3, "done": 2}
        assert ledger.ready == [("k7p4qx", deck, 3)]
        assert await decks.page(deck, 2, 800) is not None
        assert await decks.page(deck, 3, 800) is None
        await until(lambda: workers() == [])


async def test_a_killed_worker_fails_its_deck_alone(tmp_path: Path) -> None:
    """The kernel may kill it when memory is short: the deck fails, the next is drawn."""
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(hostile.endless(before=2)))
        await until(lambda: bool(ledger.of(deck)) and ledger.last(deck)["done"] == 2)
        (worker,) = workers()
        worker.kill()
        end = await ledger.end(deck)
        assert (end["status"], end["error"]) == ("failed", CRASHED.format(page=3))
        sound = await decks.submit("k7p4qx", "sound", sent(PLAIN))
        assert (await ledger.end(sound))["status"] == "ready"


async def test_a_worker_has_no_secret_and_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has neither the server's environment nor its files, writes no file, and yields to everybody else."""
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@localhost/0")
    ledger = Ledger()
    async with serving(tmp_path, ledger) as decks:
        deck = await decks.submit("k7p4qx", "deck", sent(hostile.endless(before=1)))
        await until(lambda: bool(ledger.of(deck)) and ledger.last(deck)["done"] == 1)
        (worker,) = workers()
        assert not any("hunter2" in value for value in worker.environ().values())
        assert worker.num_fds() == 4, "the PDF, two pipes, and the frames' copy of one"
        assert worker.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert worker.rlimit(psutil.RLIMIT_AS) == (Limits().memory_bytes,) * 2
        assert worker.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert worker.nice() == 10
        assert os.getpgid(worker.pid) == worker.pid, "a process group of its own"


SERVER = """
import asyncio, sys, tempfile
sys.path.insert(0, {project!r})
from app.decks.limits import Limits
from app.decks.rendering import drawing
from tests.support.hostile_pdfs import endless

async def main():
    with tempfile.TemporaryFile() as source:
        source.write(endless(before=1))
        source.flush()
        async with drawing(source, Limits()) as worker:
            await worker.opened()
            await worker.page(1)
            print("drawing", flush=True)
            await worker.page(2)

{run}(main())
"""
PROJECT = str(Path(__file__).resolve().parents[2])


@pytest.mark.parametrize("run", ["asyncio.run", "import uvloop; uvloop.run"])
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
async def test_a_killed_server_leaves_no_worker(run: str, sign: signal.Signals) -> None:
    """On either event loop, and however the server ends, its worker ends with it."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER.format(project=PROJECT, run=run)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert server.stdout is not None
    assert await asyncio.wait_for(server.stdout.readline(), 20) == b"drawing\n"
    (worker,) = workers(server.pid)
    server.send_signal(sign)
    await asyncio.wait_for(server.wait(), 20)
    await until(lambda: not worker.is_running() or worker.status() == "zombie", within=5)
