"""docs/openapi.json says what the server has: its routes, its structs, its register keys."""

import json
import re
from itertools import product

import pytest
from openapi_spec_validator import validate
from starlette.routing import Route

from app.core import keys
from app.core.keys import FAMILIES, Writer
from app.web.app import routes
from app.web.endpoints import ENDPOINTS
from scripts.lib.openapi import FILE, STRUCTS, document, state_write

ALL = [endpoint for group in ENDPOINTS.values() for endpoint in group]


def served() -> list[tuple[str, str]]:
    """Method and path of every route, in order; HEAD, which every GET answers too, left out."""
    return [
        (method, re.sub(r":\w+}", "}", route.path))
        for route in routes()
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
        if method != "HEAD"
    ]


def test_every_route_is_described_and_nothing_else() -> None:
    """A route without an entry, or an entry without a route, is a fault; their order is the same."""
    assert len(served()) == len(routes())
    assert [(endpoint.method, endpoint.path) for endpoint in ALL] == served()


def test_operations_have_names_of_their_own() -> None:
    """An operation's id names one operation."""
    ids = [endpoint.id for endpoint in ALL]
    assert len(set(ids)) == len(ids)


def test_the_document_is_openapi() -> None:
    """It is valid OpenAPI 3.1."""
    validate(document())


def test_the_file_is_current() -> None:
    """docs/openapi.json is what scripts/openapi writes."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == document(), "scripts/openapi writes it anew"


def test_everything_is_described() -> None:
    """Operations, parameters, bodies, answers and schemas all say in words what they are."""
    made = document()
    bare = [name for name, schema in made["components"]["schemas"].items() if not schema.get("description")]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            parts = [operation, *operation["parameters"], *operation["responses"].values()]
            parts += [operation["requestBody"]] if "requestBody" in operation else []
            bare += [f"{method} {path}" for part in parts if not part["description"]]
    assert bare == []


def test_every_schema_is_used() -> None:
    """No struct stands in the document that nothing refers to."""
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document())))
    assert {struct.__name__ for struct in STRUCTS} == used


def test_patterns_are_no_dialect() -> None:
    """Patterns work in any engine: what only Python knows has been put into common words."""
    assert "\\\\Z" not in json.dumps(document())


def segments() -> list[str]:
    """Keys of every family at every depth, with and without the slash of a prefix."""
    names = ["/".join([family, *["x-1"] * depth]) for family in [*FAMILIES, "news"] for depth in range(5)]
    return [name + slash for name, slash in product(names, ("", "/"))]


@pytest.mark.parametrize("key", segments())
def test_keys_in_the_document_are_those_that_the_server_takes(key: str) -> None:
    """A write's key is described exactly where a teacher may write it; a prefix takes null alone."""
    variants = state_write({"title": "", "description": "", "properties": {}})["anyOf"]
    fitting = [
        each["properties"] for each in variants if re.search(each["properties"]["key"]["pattern"], key)
    ]
    assert bool(fitting) == (keys.well_formed(key) and keys.known(key, Writer.TEACHER))
    assert [each["value"] for each in fitting if keys.is_prefix(key)] in ([], [{"type": "null"}])
