"""The decks that tests and the demo draw are sound PDF files."""

import pypdfium2
import pytest

from scripts.lib.deck import HEIGHT, WIDTH, demo_deck, plain_deck


def texts(file: bytes) -> list[str]:
    """The text of each page, as a reader of the file extracts it."""
    with pypdfium2.PdfDocument(file) as document:
        found = []
        for page in document:
            words = page.get_textpage()
            found.append(words.get_text_bounded())
            words.close()
            page.close()
        return found


@pytest.mark.parametrize("pages", [1, 3, 12])
def test_a_plain_deck_numbers_its_pages(pages: int) -> None:
    """Page n says so, and nothing else."""
    assert texts(plain_deck(pages)) == [f"Page {n}" for n in range(1, pages + 1)]


def test_a_plain_deck_has_the_size_asked_for() -> None:
    """Sizes are points."""
    with pypdfium2.PdfDocument(plain_deck(1, (300, 700))) as document:
        assert document.get_page_size(0) == (300, 700)


def test_the_demo_deck_opens() -> None:
    """Eight pages with a title each, of one size."""
    titles = [text.splitlines()[0] for text in texts(demo_deck())]
    assert len(titles) == 8
    assert titles[0] == "Sampling"
    with pypdfium2.PdfDocument(demo_deck()) as document:
        assert {document.get_page_size(n) for n in range(8)} == {(WIDTH, HEIGHT)}


def test_decks_are_the_same_each_time() -> None:
    """No date and no id in the file: the same call gives the same bytes."""
    assert demo_deck() == demo_deck()
    assert plain_deck() == plain_deck()
