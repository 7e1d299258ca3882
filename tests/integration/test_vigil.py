"""What takes its time: beats and long waits, watched while other tests ran, under every server (docs/PROTOCOL.md, sections 6 and 7)."""

import asyncio

import pytest

from scripts.lib.server import Server
from tests.support.sites import EVERYWHERE
from tests.support.vigil import BEAT_S, LONGEST_S, Vigil

pytestmark = pytest.mark.parametrize("site", EVERYWHERE, indirect=True)

BUSY_S = 1.0  # how late a busy machine may be


async def test_a_quiet_stream_beats_every_15_s(site: Server, vigil: Vigil) -> None:
    """The first beat within 15 s, then one every 15 s: the server's clock, how many watch, and no id."""
    watched = await asyncio.wrap_future(vigil[site.url])
    assert [beat.name for beat in watched.beats] == ["beat", "beat"]
    first, second = (beat.data for beat in watched.beats)
    assert set(first) == set(second) == {"now", "viewers"}
    assert 0 <= first["now"] - watched.opened <= (BEAT_S + BUSY_S) * 1000
    assert abs(second["now"] - first["now"] - BEAT_S * 1000) < BUSY_S * 1000
    assert abs(watched.beats[1].at - watched.beats[0].at - BEAT_S) < BUSY_S
    assert second["viewers"] == 1
    assert {beat.id for beat in watched.beats} == {watched.cursor}, (
        "the last id is kept, as by an EventSource"
    )


async def test_a_longer_wait_than_25_s_is_25_s(site: Server, vigil: Vigil) -> None:
    """Whatever is asked for; and then it is answered with no writes."""
    polled = (await asyncio.wrap_future(vigil[site.url])).polled
    assert polled.wait == "9999"
    assert LONGEST_S <= polled.took < LONGEST_S + BUSY_S
    assert polled.body["writes"] == []
    assert "reset" not in polled.body
