"""docs/openapi.json, made from the structs and the table of endpoints: `python -m scripts.lib.openapi [--check]`.

Rules: nothing about the protocol is said here: shapes come from `app/web/schemas.py` and `app/web/sent.py`, register
keys from `app/core/keys.py`, the rest from `app/web/endpoints.py`. The same input gives the same bytes. With `--check`
nothing is written, and the exit code is 1 when the file is not current.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from app.core.keys import FAMILIES, SEGMENT, Family, Writer
from app.web import schemas, sent
from app.web.answers import JSON
from app.web.described import HEADERS, PATH, SCHEMES, TAGS, Answer, Body, Endpoint, Parameter
from app.web.endpoints import ENDPOINTS
from app.web.problems import MEDIA_TYPE

Json = dict[str, Any]

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
REF = "#/components/schemas/{name}"
EVENTS = {"state": sent.State, "beat": sent.Beat, "end": sent.End}
STRUCTS = [
    each
    for module in (schemas, sent)
    for each in vars(module).values()
    if isinstance(each, type)
    and issubclass(each, msgspec.Struct)
    and each not in {msgspec.Struct, schemas.Strict}
]

ABOUT = (
    "The wire protocol of Lectern; docs/PROTOCOL.md explains it, with examples. A lesson is a map of registers: a "
    "teacher sets them by POST, viewers follow them as Server-Sent Events. Times are integer milliseconds since the "
    "Unix epoch. Unknown paths are answered with 404, other methods with 405; every GET answers HEAD too. A refused "
    "request changes nothing and says why as application/problem+json, or as a page where a browser navigates to it."
)

# What a struct checks in code, as far as JSON Schema can say it.
CHECKED_IN_CODE: dict[str, Json] = {"Timer": {"minProperties": 1, "maxProperties": 1}}


def document() -> Json:
    """The OpenAPI document."""
    paths: dict[str, Json] = {}
    for tag, endpoints in ENDPOINTS.items():
        for endpoint in endpoints:
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation(endpoint, tag)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lectern", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {"schemas": components(), "securitySchemes": dict(SCHEMES)},
    }


def components() -> dict[str, Json]:
    """The schema of every struct."""
    _, found = msgspec.json.schema_components(STRUCTS, ref_template=REF)
    found["StateWrite"] = state_write(found["StateWrite"])
    for name in ("State", "Document"):
        found[name]["properties"]["writes"]["items"] = told()
    for name, more in CHECKED_IN_CODE.items():
        found[name] |= more
    return {name: plain(found[name]) for name in sorted(found)}


def schema(kind: Any) -> Json:
    """The schema of one type; structs as references."""
    (found,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    described: Json = plain(found)
    return described


def plain(found: Any) -> Any:
    """Without what is Python's: `\\Z` of its patterns, and the line breaks of its docstrings.

    And without what says nothing and misleads generators of clients: `items: false` beside a `maxItems`, which some refuse,
    and a default of null, which some take for a field that is always there.
    """
    if isinstance(found, dict):
        if found.get("enum") == [True]:
            found = {"type": "boolean", "const": True} | {key: found[key] for key in found if key != "enum"}
        return {
            key: _text(key, value) if isinstance(value, str) else plain(value)
            for key, value in found.items()
            if (key, value) != ("default", None)
            and ((key, value) != ("items", False) or "maxItems" not in found)
        }
    return [plain(each) for each in found] if isinstance(found, list) else found


def _text(key: str, value: str) -> str:
    if key == "pattern":
        return re.sub(r"\\Z$", "$", value)
    return " ".join(value.split()) if key == "description" else value


def state_write(general: Json) -> Json:
    """A write, with the value that belongs to its key."""
    variants = []
    for family, rule in FAMILIES.items():
        if rule.writer is Writer.TEACHER:
            value = schema(schemas.VALUES[family].type)
            variants.append(
                _variant(general, family, _keys(family, rule), {"anyOf": [value, {"type": "null"}]})
            )
            if rule.clears:
                variants.append(_variant(general, f"{family}/", _prefixes(family, rule), {"type": "null"}))
    return {"title": general["title"], "description": general["description"], "anyOf": variants}


def _variant(general: Json, title: str, pattern: str, value: Json) -> Json:
    properties = general["properties"] | {"key": {"type": "string", "pattern": pattern}, "value": value}
    name = f"{'Clear' if title.endswith('/') else 'Write'}{title.strip('/').capitalize()}"
    return general | {"title": name, "description": f"A write of `{title}`.", "properties": properties}


def told() -> Json:
    """A register as a client is told of it: its key, and the value that belongs to it."""
    shapes = {name: each.type for name, each in schemas.VALUES.items()} | sent.REGISTERS
    pairs: list[tuple[str, Json]] = [
        (_keys(family, rule), {"anyOf": [schema(shapes[family]), {"type": "null"}]})
        for family, rule in FAMILIES.items()
        if rule.writer is not Writer.INTERNAL
    ]
    return {"anyOf": [_pair(*each) for each in (*pairs, ("^[a-z]+/([^/]+/)*$", {"type": "null"}))]}


def _pair(pattern: str, value: Json) -> Json:
    key = {"type": "string", "pattern": pattern}
    return {"type": "array", "prefixItems": [key, value], "minItems": 2, "maxItems": 2}


def _keys(family: str, rule: Family) -> str:
    least, most = min(rule.depths), max(rule.depths)
    return f"^{family}(/{SEGMENT}){{{least},{most}}}$" if most else f"^{family}$"


def _prefixes(family: str, rule: Family) -> str:
    return f"^{family}/({SEGMENT}/){{{min(rule.clears)},{max(rule.clears)}}}$"


def operation(endpoint: Endpoint, tag: str) -> Json:
    """One method of one path."""
    found: Json = {
        "operationId": endpoint.id,
        "tags": [tag],
        "summary": endpoint.summary,
        "description": endpoint.text,
        "security": [{scheme: []} if scheme else {} for scheme in endpoint.who],
        "parameters": [*_in_path(endpoint.path), *(_parameter(query) for query in endpoint.query)],
        "responses": {str(status): each for status, each in sorted(_responses(endpoint).items())},
    }
    if endpoint.body is not None:
        found["requestBody"] = _body(endpoint.body)
    return found


def _in_path(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH[name].text,
            "schema": schema(PATH[name].kind),
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _parameter(query: Parameter) -> Json:
    return {"name": query.name, "in": query.place, "description": query.text, "schema": schema(query.kind)}


def _body(body: Body) -> Json:
    description = f"At most {body.limit:,} bytes."
    # Raw bytes need no schema in OpenAPI 3.1, but generators drop an operation whose body has none.
    content = {"schema": {"type": "string", "format": "binary"} if body.kind is bytes else schema(body.kind)}
    return {"required": True, "description": description, "content": {body.media: content}}


def _responses(endpoint: Endpoint) -> dict[int, Json]:
    problem = {MEDIA_TYPE: {"schema": schema(sent.ProblemBody)}}
    refused = {
        status: _response(
            text,
            problem,
            {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ()),
        )
        for status, text in endpoint.problems.items()
    }
    return refused | {
        status: _response(each.text, _content(each), each.headers)
        for status, each in endpoint.answers.items()
    }


def _response(text: str, content: Json, headers: tuple[str, ...]) -> Json:
    found: Json = {"description": text}
    if headers:
        found["headers"] = {
            name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in headers
        }
    return found | ({"content": content} if content else {})


def _content(answer: Answer) -> Json:
    if answer.body is not None:
        return {JSON: {"schema": schema(answer.body)}}
    if not answer.media:
        return {}
    if answer.media.startswith("text/event-stream"):
        return {
            answer.media: {
                "schema": {"type": "string"},
                "x-events": {name: schema(kind) for name, kind in EVENTS.items()},
            }
        }
    return {answer.media: {"schema": {"type": "string"}} if answer.media.startswith("text/") else {}}


def main() -> int:
    """Write the file, or say whether it is current."""
    parser = argparse.ArgumentParser(prog="openapi", description="Writes docs/openapi.json.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 when the file is not current"
    )
    check = parser.parse_args().check
    made = json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
    if check:
        current = FILE.exists() and FILE.read_text(encoding="utf-8") == made
        if not current:
            print("docs/openapi.json is not current; scripts/openapi writes it", file=sys.stderr)
        return 0 if current else 1
    FILE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
