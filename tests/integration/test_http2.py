"""The stream over HTTP/2, where a server speaks it: many in one connection (contract, section 4)."""

import httpx

from scripts.lib.stream import open_stream
from scripts.lib.teacher import Teacher
from tests.support.sites import HYPERCORN, Sites

BLACK = {"mode": "black"}


async def test_streams_and_requests_share_one_connection(sites: Sites) -> None:
    """Nothing of HTTP/1.1 is in the answer, and six streams are no limit any more."""
    one = httpx.Limits(max_connections=1)
    server = sites.get(HYPERCORN)
    async with httpx.AsyncClient(
        base_url=server.url, http1=False, http2=True, limits=one, trust_env=False, timeout=30.0
    ) as http:
        teacher = await Teacher.start(http)
        async with (
            open_stream(http, teacher.lesson) as first,
            open_stream(http, teacher.lesson) as second,
            open_stream(http, teacher.lesson, key=teacher.key) as panel,
        ):
            assert first.response.http_version == "HTTP/2"
            assert first.response.headers["cache-control"] == "no-store, no-transform"
            assert not {"connection", "transfer-encoding", "content-length"} & set(first.response.headers)
            for number in range(10):
                await teacher.write(("timer", {"ends": number}))
            last = await teacher.write(("screen", BLACK))
            for stream in (first, second, panel):
                await stream.until(lambda registers: registers.get("screen") == BLACK)
                assert stream.cursor == last["cursor"]
                assert stream.registers["timer"] == {"ends": 9}
            async with open_stream(http, teacher.lesson, cursor=last["cursor"]) as back:
                assert await back.next_state() == {"writes": []}
                # All streams end by the server: hypercorn 0.18 may fall over one that its client has just cancelled.
                await teacher.end()
                for stream in (first, second, panel, back):
                    await stream.next_event("end")
                    await stream.until_closed()
