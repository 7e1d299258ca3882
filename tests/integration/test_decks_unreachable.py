"""An object store that cannot be reached is said to be so, and nothing of the upload stays."""

from scripts.lib.deck import plain_deck
from scripts.lib.server import free_port
from scripts.lib.teacher import Teacher
from tests.conftest import Serve
from tests.support.wire import assert_problem

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}


async def test_an_upload_without_its_store_is_refused(serve: Serve, redis_url: str) -> None:
    """503 and a time to try again; the lesson is as before, and a write goes on."""
    nowhere = f"s3://bucket/decks?endpoint=http://127.0.0.1:{free_port()}&region=us-east-1"
    with serve(redis_url=redis_url, env={"DECKS_URL": nowhere, **CREDENTIALS}) as server:
        async with server.client() as http:
            teacher = await Teacher.start(http)
            before = await teacher.registers()
            headers = {**teacher.auth, "Content-Type": "application/pdf"}
            answer = await http.post(f"{teacher.path}/decks", content=plain_deck(1), headers=headers)
            assert_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
            assert await teacher.registers() == before
            assert (await teacher.write(("screen", {"mode": "black"})))["applied"] == [True]
