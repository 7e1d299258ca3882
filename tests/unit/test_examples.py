"""The reading and comparing of examples: what fits, what does not, and what a name is bound to."""

import pytest

from tests.support.examples import Exchange, Matching, Names, Part, Told, differences, fill, read

PAGE = """Text.

```http until
POST /lessons/<lesson> HTTP/1.1
Content-Type: application/json

{"a": 1}

HTTP/1.1 200 OK
ETag: <etag>

{"a": <a>}
```

```sse viewer
id: 1
data: {}

: ok
```

```json
{}
```
"""


def test_a_page_is_read() -> None:
    """Exchanges and events in order, with their lines and marks; other blocks are no examples."""
    exchange, told = read(PAGE)
    assert isinstance(exchange, Exchange)
    assert (exchange.line, exchange.mark, exchange.method) == (3, "until", "POST")
    assert (exchange.target, exchange.status) == ("/lessons/<lesson>", 200)
    assert exchange.request == Part(
        "POST /lessons/<lesson> HTTP/1.1", {"content-type": "application/json"}, '{"a": 1}'
    )
    assert exchange.answer == Part("HTTP/1.1 200 OK", {"etag": "<etag>"}, '{"a": <a>}')
    assert told == Told(15, "viewer", ["id: 1\ndata: {}", ": ok"])


def test_names_are_filled_in() -> None:
    """A bound name becomes its value; one that nothing has bound is a fault of the page."""
    assert fill("/a/<one>/<two-2>", {"one": "x", "two-2": 7}) == "/a/x/7"
    with pytest.raises(KeyError):
        fill("<three>", {})


@pytest.mark.parametrize(
    ("wanted", "given", "bound"),
    [
        ('{"a": 1}', '{"a":1}', {}),
        ('{"a": <x>, "b": <x>}', '{"b":[1],"a":[1]}', {"x": [1]}),
        ('{"a": "<x>-<y>"}', '{"a":"1-2"}', {"x": "1", "y": "2"}),
        ('["<x>", "at <x>"]', '["home","at home"]', {"x": "home"}),
        ('["<known>"]', '["k"]', {}),
        ("[<x>,<y>]", "[1,null]", {"x": 1, "y": None}),
    ],
)
def test_json_that_fits(wanted: str, given: str, bound: Names) -> None:
    """JSON fits as JSON, and binds the names in it."""
    matching = Matching({"known": "k"})
    assert matching.json(wanted, given)
    assert matching.bound == bound


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ('{"a": 1}', '{"a":2}'),
        ('{"a": 1}', '{"a":1,"b":2}'),
        ('{"a": 1, "b": 2}', '{"a":1}'),
        ('{"a": 1}', '{"a":true}'),
        ('{"a": 1}', '{"a":"1"}'),
        ("[1, 2]", "[2,1]"),
        ("[1]", "[1,1]"),
        ('["<known>"]', '["other"]'),
        ('["<x>", "<x>"]', '["a","b"]'),
        ('["<x>-<x>"]', '["a-b"]'),
        ('["at <x>"]', '["in a"]'),
        ('["at <x>"]', "[1]"),
    ],
)
def test_json_that_does_not_fit(wanted: str, given: str) -> None:
    """Every difference counts: a value, a type, a key more or less, an order, a name with two meanings."""
    assert not Matching({"known": "k"}).json(wanted, given)


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [
        ("id: <c>\ndata: [<x>]", 'id: 5.1-0\ndata: ["a"]', True),
        ("id: <c>\ndata: [1]", "id: 5.1-0\ndata: [2]", False),
        ("id: <c>", "id: 5.1-0\ndata: [2]", False),
        ("event: beat", "event: end", False),
        (": ok", ": ok", True),
    ],
)
def test_blocks_of_a_stream(wanted: str, given: str, fits: bool) -> None:  # noqa: FBT001 - a case of the table
    """A block fits field by field, its data as JSON."""
    assert Matching({}).block(wanted, given) is fits


def test_an_answer_that_fits_binds_its_names() -> None:
    """Status, the headers shown and the body fit: the names are bound for what follows."""
    names: Names = {}
    wanted = Part("HTTP/1.1 200 OK", {"content-type": "application/json", "etag": "<tag>"}, '{"a": <a>}')
    given = Part("HTTP/1.1 200", {"content-type": "application/json", "etag": "t", "date": "now"}, '{"a":1}')
    assert differences(wanted, given, names) == []
    assert names == {"tag": "t", "a": 1}


@pytest.mark.parametrize(
    ("given", "number"),
    [
        (Part("HTTP/1.1 201", {"content-type": "application/json", "etag": "t"}, '{"a":1}'), 1),
        (Part("HTTP/1.1 200", {"content-type": "application/json"}, '{"a":1}'), 1),
        (Part("HTTP/1.1 404", {"content-type": "text/plain"}, '{"a":2}'), 4),
    ],
)
def test_an_answer_that_does_not_fit_binds_nothing(given: Part, number: int) -> None:
    """Every difference is told, and no name is bound by an answer that is not the one shown."""
    names: Names = {}
    wanted = Part("HTTP/1.1 200 OK", {"content-type": "application/json", "etag": "<tag>"}, '{"a": 1}')
    assert len(differences(wanted, given, names)) == number
    assert names == {}
