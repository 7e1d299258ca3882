"""Backup, restore and deletion of the embedded store's data, as docs/OPERATIONS.md says."""

import re
import shutil
from http.cookies import SimpleCookie
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from scripts.lib.deck import plain_deck
from scripts.lib.server import Server, serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.wire import SAME_ORIGIN, assert_problem, poll, stored

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md"


async def filled(server: Server) -> tuple[Teacher, str, str]:
    """A lesson with all there is, its deck, and a session of it."""
    async with server.client() as http:
        teacher = await Teacher.start(http, "Kept")
        deck = await teacher.upload(plain_deck(1))
        await teacher.rendered(deck)
        await teacher.write(("poll/p1", poll()), ("notes/a-1", {"text": "mine"}))
        assert (await http.post(f"{teacher.path}/polls/p1/votes", json={"choices": [1]})).status_code == 200
        opened = await http.post(f"{teacher.path}/session", headers=teacher.auth)
        (session,) = SimpleCookie(opened.headers["set-cookie"]).values()
        return teacher, deck, f"{session.key}={session.value}"


@pytest.mark.parametrize("how", ["stopped", "crashed"])
async def test_a_copy_of_the_folder_is_a_backup(tmp_path: Path, how: str) -> None:
    """Of a stopped server, and of one as a power failure leaves it: lesson, votes, pages, keys and sessions are there elsewhere."""
    with serve_app(tmp_path / "old") as old:
        teacher, deck, session = await filled(old)
        before = stored(dict((await _state(old, teacher))["writes"]))
        old.stop() if how == "stopped" else old.kill()
        shutil.copytree(
            tmp_path / "old" / "var",
            tmp_path / "new" / "var",
            ignore=lambda _, names: [n for n in names if n.endswith(".sock")],
        )
    with serve_app(tmp_path / "new") as new:
        after = stored(dict((await _state(new, teacher))["writes"]))
        assert {key: value for key, value in after.items() if not key.startswith("tally/")} == {
            key: value for key, value in before.items() if not key.startswith("tally/")
        }
        async with new.client() as http:
            headers = {"Cookie": session, **SAME_ORIGIN}
            assert (
                await http.post(f"{teacher.path}/state", json={"writes": []}, headers=headers)
            ).status_code == 200
            assert (await http.get(f"/decks/{deck}/1-800.webp")).status_code == 200
            results = await http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
            assert "p1,Which one?,2,that,,1,1" in results.text


async def _state(server: Server, teacher: Teacher) -> dict[str, list[tuple[str, object]]]:
    async with server.client() as http:
        answer = await http.get(f"{teacher.path}/state?as=teacher", headers=teacher.auth)
        told: dict[str, list[tuple[str, object]]] = answer.raise_for_status().json()
        return told


def deletion(socket: str, lesson: str) -> list[str]:
    """What the document's command for deleting a lesson finds and deletes, done by a client."""
    (pattern,) = re.findall(r"--scan --pattern '([^']+)'", OPERATIONS.read_text(encoding="utf-8"))
    with redis.Redis(unix_socket_path=socket, decode_responses=True) as client:
        found = list(client.scan_iter(match=pattern.replace("k7p4qx", lesson)))
        client.delete(*found)
    return found


async def test_a_lesson_is_deleted_by_its_keys() -> None:
    """Nothing of it is left in the store under its code, other lessons stay, and a process that does not hold it says 404."""
    # A short path: the store's socket must fit into 100 characters to stand beside its files.
    with TemporaryDirectory(prefix="lectern-") as folder, serve_app(Path(folder)) as server:
        teacher, _, _ = await filled(server)
        async with server.client() as http:
            other = await Teacher.start(http, "Another")
            await teacher_end(server, teacher)
            socket = str(Path(server.env["VAR_DIR"]) / "valkey" / "valkey.sock")
            assert len(deletion(socket, teacher.lesson)) >= 5
            with redis.Redis(unix_socket_path=socket, decode_responses=True) as client:
                left = list(client.scan_iter(match=f"*{teacher.lesson}*"))
            assert left == []
            assert (await http.get(other.path)).status_code == 200
        server.stop()
        server.start()
        async with server.client() as http:
            assert_problem(await http.get(teacher.path), 404)
            async with open_stream(http, other.lesson) as stream:
                await stream.next_state()


async def teacher_end(server: Server, teacher: Teacher) -> None:
    """Ends the lesson, on a client that is open."""
    async with server.client() as http:
        assert (await http.post(f"{teacher.path}/end", headers=teacher.auth)).status_code == 204

        async def ended() -> str:
            return str((await http.get(teacher.path)).json()["status"])

        await eventually(ended, lambda status: status == "ended")
