"""A short run of scripts/chaos, always the same: several faults a round, hostile requests among them, two workers.

Rules: the long runs, with faults by chance, are made by hand: `scripts/chaos --rounds 30`.
"""

from pathlib import Path

import pytest

from scripts.lib.chaos import faults, hostile
from scripts.lib.chaos.rounds import Round, run
from tests.support.ordeal import say

SEED = 3
VIEWERS = 40
ROUNDS = (
    (faults.kill_worker, hostile.old_clears, faults.cut_store),
    (hostile.pictures, faults.kill_store, hostile.guesses),
    (faults.store_resets, hostile.header_lines, faults.viewers_leave),
)


async def test_three_rounds_of_several_faults(tmp_path: Path) -> None:
    """Nothing acknowledged is lost, everybody agrees, nobody is silent, and no worker ends by itself."""
    told: list[Round] = []
    await run(tmp_path, seed=SEED, rounds=len(ROUNDS), crowd=VIEWERS, tell=told.append, among=ROUNDS)
    for one in told:
        say(
            f"{one.faults}: agreed after {one.agreed:.1f} s; {one.writes} writes, {one.votes} votes, {one.refused}"
        )
    assert [one.wrong for one in told] == [[]] * len(ROUNDS)
    assert all(one.writes and one.votes for one in told)


pytestmark = pytest.mark.timeout(180)
