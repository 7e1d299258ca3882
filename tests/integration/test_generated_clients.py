"""Clients that are generated from docs/openapi.json: for Python, which then teaches a lesson, and for TypeScript, whose types are checked."""

import importlib
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.web.endpoints import ENDPOINTS
from scripts.lib.deck import plain_deck
from scripts.lib.openapi import FILE
from scripts.lib.server import Server

CONFIG = FILE.with_name("openapi-python-client.yaml")
OPERATIONS = sorted(each.id for group in ENDPOINTS.values() for each in group)

NPM = [
    "npm",
    "exec",
    "--yes",
    "--loglevel=error",
    "--package=openapi-typescript@7.13.0",
    "--package=typescript@5.9.3",
    "--",
]

# What a program says to the types; the last line is wrong, and must be found to be.
PROGRAM = """
import type { components, operations, paths } from "./client";
type Created = paths["/api/lessons"]["post"]["responses"][201]["content"]["application/json"];
export const key = (made: Created): string => made.teacher_key;
type Write = components["schemas"]["StateWrite"];
export const turn: Write = { key: "slide", value: { page: "blank-1" } };
export const ask: Write = { key: "poll/p1", value: { question: "Which?", options: ["this", "that"], status: "open" } };
export const clear: Write = { key: "ink/blank-1/", value: null };
type Problem = components["schemas"]["ProblemBody"];
export const over = (problem: Problem): boolean => problem.type === "/problems/lesson-ended";
type Sent = operations["state"]["responses"][200]["content"]["application/json"];
export const keys = (sent: Sent): string[] => sent.writes.map(([key]) => key);
// @ts-expect-error
export const wrong = (problem: Problem): boolean => problem.type === "/problems/no-such-type";
"""


def run(*command: str, folder: Path) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the Python client."""
    folder = tmp_path_factory.mktemp("python")
    said = run(
        str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--path", str(FILE), "--config", str(CONFIG),
        "--output-path", "client", folder=folder,
    )  # fmt: skip
    assert "WARNING" not in said, said
    return folder / "client"


def test_each_operation_is_generated(generated: Path) -> None:
    """None is dropped, as those are whose schemas a generator does not understand."""
    modules = [file.stem for file in generated.glob("lectern_client/api/*/*.py") if file.stem != "__init__"]
    assert sorted(name.replace("_", "") for name in modules) == sorted(each.lower() for each in OPERATIONS)


def test_the_python_client_teaches_a_lesson(
    generated: Path, site: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes a lesson, writes, reads, adds a deck, and understands a problem."""
    monkeypatch.syspath_prepend(str(generated))

    def part(name: str) -> ModuleType:
        return importlib.import_module(f"lectern_client.{name}")

    client, models = part("client"), part("models")
    with client.Client(base_url=site.url, httpx_args={"trust_env": False}) as anybody:
        made = part("api.lessons.create_lesson").sync(
            client=anybody, body=models.LessonRequest(title="Trees")
        )
        with client.AuthenticatedClient(
            base_url=site.url, token=made.teacher_key, httpx_args={"trust_env": False}
        ) as teacher:
            turn = models.WriteSlide(key="slide", value=models.Slide(page="blank-1"))
            body = models.StateRequest(writes=[turn])
            written = part("api.state.write").sync(made.lesson, client=teacher, body=body)
            assert written.applied == [True]
            deck = part("api.decks.add_deck").sync(
                made.lesson, client=teacher, body=part("types").File(payload=plain_deck(1)), name="Trees"
            )
            assert len(deck.deck) == 6
        read = part("api.state.state").sync(made.lesson, client=anybody)
        assert ["slide", {"page": "blank-1"}] in read.to_dict()["writes"]
        refused = part("api.state.write").sync(made.lesson, client=anybody, body=body)
        assert (refused.status, str(refused.type_)) == (401, "/problems/key-needed")


@pytest.mark.timeout(300)  # npm may have to fetch both programs first
def test_the_types_of_typescript_are_whole(tmp_path: Path) -> None:
    """They are generated, compile strictly, and tell right from wrong."""
    if shutil.which("npm") is None:
        pytest.fail("npm is not installed; scripts/test installs it")
    (tmp_path / "program.ts").write_text(PROGRAM)
    generate = f"openapi-typescript --default-non-nullable false --output client.ts {shlex.quote(str(FILE))}"
    run(*NPM, "sh", "-c", f"{generate} && tsc --noEmit --strict --target es2022 program.ts", folder=tmp_path)
