"""docs/PROTOCOL.md is complete: every endpoint, every register, every status, every limit that a client can meet."""

import re
from pathlib import Path

import pytest

from app.core import keys, stamp
from app.core.keys import FAMILIES, Writer
from app.decks.limits import MIB, Limits as DeckLimits
from app.feed.channel import WINDOW_S
from app.feed.heartbeat import TURN_S
from app.store.contract import Limits
from app.web import bodies, keyring, opening, schemas
from app.web.decks import AHEAD
from app.web.described import Endpoint
from app.web.endpoints import ENDPOINTS
from app.web.events import AWAY_MS, LATER_MS, RETRY_MS
from app.web.state import WAIT_MAX_S
from tests.support.examples import Exchange, read

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md").read_text(encoding="utf-8")
PROSE = " ".join(PAGE.split())
API = [each for group in ENDPOINTS.values() for each in group]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first column has this heading."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table, heading
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table[1].strip().splitlines()
    ]


def shown() -> set[str]:
    """Method and path pattern of every request of the examples."""
    return {
        f"{each.method} {each.target.partition('?')[0]}" for each in read(PAGE) if isinstance(each, Exchange)
    }


@pytest.mark.parametrize("endpoint", API, ids=lambda endpoint: endpoint.id)
def test_every_endpoint_is_there(endpoint: Endpoint) -> None:
    """It has an example, or its address stands in the text."""
    method, path = endpoint.method, endpoint.path
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(f"{method} {path}"))
    named = {f"`{way}{path.replace('{code}', '{lesson}')}`" for way in ("", "GET ", f"{method} ")}
    assert any(re.fullmatch(pattern, each) for each in shown()) or any(each in PROSE for each in named)


def test_every_register_is_there() -> None:
    """The table has the families that clients see, each with who writes it."""
    told = {keys.family(row[0].strip("`")): row[2] for row in rows("key")}
    assert set(told) == {name for name, rule in FAMILIES.items() if rule.writer is not Writer.INTERNAL}
    for family, writers in told.items():
        assert FAMILIES[family].writer.value in writers, family


def test_every_prefix_that_may_be_cleared_is_there() -> None:
    """The list of prefixes is the server's."""
    sentence = re.search(r"Prefixes that may be cleared: (.*?)\. ", PROSE)
    assert sentence
    told = [(keys.family(each), each.count("/") - 1) for each in re.findall(r"`([^`]+)`", sentence[1])]
    assert sorted(told) == sorted((name, depth) for name, rule in FAMILIES.items() for depth in rule.clears)


def test_every_status_of_a_problem_is_there() -> None:
    """The table has each status that an endpoint refuses with, and 405, which any address may."""
    told = {int(row[0]) for row in rows("status")}
    assert told == {status for endpoint in API for status in endpoint.problems} | {405}


def ms(pair: tuple[int, int]) -> str:
    """Two times as the page writes them."""
    return f"{pair[0]:,} to {pair[1]:,} ms"


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {schemas.WRITES} of them, in at most {bodies.STATE_BYTES // bodies.KIB} KiB",
        f"more than {stamp.AHEAD_MS // 1000} s ahead",
        f"of the last {stamp.PULLED_MAX:,}",
        f"at most {Limits().registers:,} registers",
        f"and {Limits().value_bytes // MIB} MiB of values",
        f"{Limits().retention_s // (24 * 3600)} days after its last change",
        f"{schemas.PAGES:,} at most",
        f"{schemas.NUMBERS:,} at most",
        f"{WAIT_MAX_S:g} s at most",
        f"made within {WINDOW_S * 1000:g} ms",
        f"Every {TURN_S:g} s each stream",
        f"`retry` is {ms(RETRY_MS)}",
        f"a last `retry` of {ms(opening.AGAIN_MS)}",
        f"a `retry` of {LATER_MS[0] // 1000} to {LATER_MS[1] // 1000} s",
        f"a `retry` of {AWAY_MS[0] // 1000} to {AWAY_MS[1] // 1000} s",
        f"up to {keyring.KEYS} at once",
        f"At most {DeckLimits().upload_bytes // MIB} MiB and {DeckLimits().pages} pages",
        f"cut after {DeckLimits().name_chars} characters",
        f"and {['no', 'one', 'two', 'three'][AHEAD]} more",
    ],
)
def test_limits_are_the_servers(sentence: str) -> None:
    """A number in the text is the one in the code."""
    assert sentence in PROSE
