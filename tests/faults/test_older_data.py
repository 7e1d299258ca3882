"""A store that comes back with an older copy of its files: what was acknowledged since is gone, and nobody may believe otherwise.

Rules: the copy is of the append-only files, taken while the store runs, as a backup would be.
"""

import asyncio
import shutil
from pathlib import Path

import httpx
import pytest

from scripts.lib.server import serve as serve_app
from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.eventually import eventually
from tests.support.ordeal import say, spread, status, viewer_state
from tests.support.redis_server import RedisServer
from tests.support.viewers import viewers

CROWD = 200
FILES = "appendonlydir"


def older_files(store: RedisServer, copy: Path) -> None:
    """The store crashes, and comes back with the copy in the place of its files."""
    store.kill()
    shutil.rmtree(store.folder / FILES)
    shutil.copytree(copy, store.folder / FILES)
    store.start()


async def later(teacher: Teacher) -> str:
    """What the copy does not have; the cursor after it."""
    await teacher.write(("slide", {"page": "blank-2"}), ("timer", {"ends": 7}))
    await teacher.write(("ink/blank-2/s1", {"tool": "pen", "color": "#000000", "width": 9, "points": [1, 1]}))
    cursor: str = (await teacher.write(("screen", {"mode": "black"})))["cursor"]
    return cursor


async def test_everybody_agrees_with_the_older_store(tmp_path: Path, own_valkey: RedisServer) -> None:
    """The epoch changes; every viewer and every cursor gets a reset, and a lesson that the copy lacks is unknown."""
    with serve_app(tmp_path / "server", redis_url=own_valkey.url) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http, "Before")
            before = (await teacher.write(("slide", {"page": "blank-1"})))["cursor"]
            async with viewers(server.port, teacher.lesson, CROWD) as there:
                shutil.copytree(own_valkey.folder / FILES, tmp_path / "copy")
                newer = await Teacher.start(http, "After")
                after = await later(teacher)
                await there.agree(await viewer_state(teacher))
                assert there.members[0].registers["slide"] == {"page": "blank-2"}
                async with open_stream(http, newer.lesson) as lost:
                    older_files(own_valkey, tmp_path / "copy")
                    back = asyncio.get_running_loop().time()
                    await there.agree({"slide": {"page": "blank-1"}})
                    await lost.until_closed()
                assert there.never_lost
                assert [one.resets for one in there.members] == [1] * CROWD
                assert await viewer_state(teacher) == {"slide": {"page": "blank-1"}}
                epoch = there.members[0].cursor.partition(".")[0]
                assert epoch not in {before.partition(".")[0], after.partition(".")[0]}
                for cursor in (before, after):
                    answer = await http.get(f"{teacher.path}/state", params={"cursor": cursor, "wait": "25"})
                    assert answer.json()["reset"] is True
                await eventually(lambda: status(http, newer.path), lambda code: code == httpx.codes.NOT_FOUND)
                await teacher.write(("slide", {"page": "blank-3"}))
                await there.agree({"slide": {"page": "blank-3"}})
                say(
                    f"older data: reset and agreed after {spread(there.told_again(back))}; {there.resets} resets"
                )


pytestmark = pytest.mark.timeout(90)
