"""The server against its own description: what docs/openapi.json allows and forbids, tried by machine (schemathesis).

Rules: requests are made from the description, good ones and bad ones; every answer has a status, a type, headers and a shape
that the description names, and none is a fault of the server's. The lesson is a real one, so that requests mean something.
`events` is left out, since it has no end; tests/integration judges streams.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from scripts.lib.deck import plain_deck
from scripts.lib.openapi import FILE
from scripts.lib.server import Server
from tests.support.sites import BEHIND_A_PROXY, CREATE_KEY, ONE, Sites
from tests.support.wire import poll, somewhere_else

load_all_checks()
schemathesis.openapi.media_type(
    "application/pdf", st.sampled_from([plain_deck(1), b"%PDF-1.7\n%%EOF"]) | st.binary(min_size=1)
)

SCHEMA = schemathesis.openapi.from_path(str(FILE))
OPERATIONS = {
    operation.definition.raw["operationId"]: operation
    for operation in (found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok))
    if operation.definition.raw["operationId"] != "events"
}
MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}

EXAMPLES = 25  # of each operation and mode; in all about twelve hundred requests
FEWER = {"addDeck": 6}  # each starts a process that draws it

CHECKED = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "positive_data_acceptance", "negative_data_rejection",
]  # fmt: skip

# Where what the description allows may be refused all the same, and why.
EXCUSED = {
    # Key and value are checked together (each family has a shape of its own), which the description says in words.
    "write": {"positive_data_acceptance"},
    # Whether a choice is possible depends on the poll.
    "vote": {"positive_data_acceptance"},
    # Any text is a name of a file, and most name none.
    "static": {"positive_data_acceptance"},
    # 503 says that too many decks are in hand, which the description knows and the check of server errors does not.
    "addDeck": {"positive_data_acceptance", "negative_data_rejection", "not_a_server_error"},
}

# Operations that take nothing, or any text at all: they cannot be asked as they may not be.
NOTHING = {(name, "bad") for name in ("alive", "ready", "metrics", "home", "static")}


class Target:
    """A lesson with a poll and a deck on a running server, and the headers that open it."""

    def __init__(self, server: Server) -> None:
        self.http = httpx.Client(base_url=server.url, timeout=30.0, trust_env=False)
        self.create = {"Authorization": f"Bearer {CREATE_KEY}"}
        self.lesson, self.key = self.begin()
        body = {"writes": [{"key": "poll/p1", "value": poll()}]}
        self.http.post(
            f"/api/lessons/{self.lesson}/state", json=body, headers=self.auth(self.key)
        ).raise_for_status()

    @staticmethod
    def auth(key: str) -> dict[str, str]:
        """The header that shows a key."""
        return {"Authorization": f"Bearer {key}"}

    def begin(self) -> tuple[str, str]:
        """A new lesson and its key."""
        made = (
            self.http.post("/api/lessons", json={"title": "x"}, headers=self.create).raise_for_status().json()
        )
        return made["lesson"], made["teacher_key"]

    def ask(self, case: "Case[Any]", lesson: str, key: str) -> httpx.Response:
        """The case's answer, for a teacher at an address that nobody else uses."""
        name = case.operation.definition.raw["operationId"]
        if "lesson" in case.path_parameters and name != "endLesson":
            case.path_parameters["lesson"] = lesson
        shown = self.create if name == "createLesson" else self.auth(key)
        wire: dict[str, Any] = case.as_transport_kwargs(
            base_url=str(self.http.base_url), headers={**shown, **somewhere_else()}
        )
        wire.pop("cookies", None)
        if isinstance(wire.get("data"), bytes | str):
            wire["content"] = wire.pop("data")
        return self.http.request(**wire)


@pytest.fixture(scope="module")
def target(sites: Sites) -> Iterator[Target]:
    """The lesson that is tried."""
    found = Target(sites.get(ONE, BEHIND_A_PROXY))
    yield found
    found.http.close()


def checks(case: "Case[Any]") -> list[Callable[..., Any]]:
    """What is judged of the answer to a case."""
    excused = set(EXCUSED.get(case.operation.definition.raw["operationId"], ()))
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    if body is None or not body.mode.is_negative:
        # The lesson and the key have been put right on the way, so nothing may be wrong any more.
        excused.add("negative_data_rejection")
    return [check for check in CHECKS.get_all() if check.__name__ in set(CHECKED) - excused]


@pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in OPERATIONS for mode in MODES if (name, mode) not in NOTHING]
)
def test_the_server_is_what_it_says(target: Target, name: str, mode: str) -> None:
    """Each operation, asked as it may be and as it may not be."""
    operation = OPERATIONS[name]
    asked = 0

    @settings(
        max_examples=FEWER.get(name, EXAMPLES), database=None, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=MODES[mode]))
    def tried(case: "Case[Any]") -> None:
        nonlocal asked
        asked += 1
        answer = target.ask(case, target.lesson, target.key)
        assert answer.status_code != 500
        case.validate_response(answer, checks=checks(case))

    tried()
    assert asked > 0


def test_the_checks_are_there() -> None:
    """Under these names; a new version that renames one does not quietly check nothing."""
    assert set(CHECKED) <= {check.__name__ for check in CHECKS.get_all()}
    assert len(OPERATIONS) == len(list(SCHEMA.get_all_operations())) - 1
