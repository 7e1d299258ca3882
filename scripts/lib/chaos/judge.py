"""Whether a round has cost anything: the account against the store, every worker, every viewer and the results.

Rules: everybody has paused, so there is one right answer; it has a while to get everywhere, since viewers come back when they were told to.
"""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from scripts.lib.chaos.life import PAGES
from scripts.lib.chaos.stage import Stage
from scripts.lib.stream import Registers

AGREE_S = 30.0  # who asked for a lesson that nobody had loaded while the store was away was told to come back within 12 s
ANSWERS_S = 20.0
CONNECTIONS = 8  # of which each worker has some: the kernel deals them out
LOOK_S = 0.1


async def judge(stage: Stage) -> list[str]:
    """Everything that is wrong, in words."""
    found: list[str] = []
    for look, seconds in ((_workers_agree, ANSWERS_S), (_viewers_agree, AGREE_S), (_votes, ANSWERS_S)):
        found += await _until_nothing(lambda look=look: look(stage), seconds)  # type: ignore[misc]
    found += stage.account.unexpected
    stage.account.unexpected.clear()
    return found


async def _until_nothing(look: Callable[[], Awaitable[list[str]]], seconds: float) -> list[str]:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            found = await look()
        except (httpx.TransportError, httpx.HTTPStatusError, KeyError) as fault:
            found = [f"{type(fault).__name__}: {fault}"]
        if not found or asyncio.get_running_loop().time() > deadline:
            return [f"{what} (after {seconds:g} s)" for what in found]
        await asyncio.sleep(LOOK_S)


async def _workers_agree(stage: Stage) -> list[str]:
    """Each worker says what was acknowledged: state and ink, on connections of their own."""
    found = []
    expected = stage.account.expected()
    for _ in range(CONNECTIONS):
        async with stage.server.client() as http:
            held = await _held(stage, http)
        missing = {key: value for key, value in expected.items() if held.get(key) != value}
        more = held.keys() - expected.keys()
        if missing or more:
            some = {key: (value, held.get(key)) for key, value in sorted(missing.items())[:3]}
            found.append(
                f"{len(missing)} acknowledged writes missing: {some}; {len(more)} too many: {sorted(more)[:3]}"
            )
    return found[:1]


async def _held(stage: Stage, http: httpx.AsyncClient) -> Registers:
    """What a worker holds of the families that the writers write."""
    auth = stage.teacher.auth
    answer = await http.get(f"{stage.teacher.path}/state", params={"as": "teacher"}, headers=auth)
    held: Registers = dict(answer.raise_for_status().json()["writes"])
    for page in PAGES:
        answer = await http.get(f"{stage.teacher.path}/ink/{page}")
        held |= dict(answer.raise_for_status().json()["writes"])
    server_s_own = ("audience", "tally", "deck", "pointer")
    return {key: value for key, value in held.items() if key.partition("/")[0] not in server_s_own}


async def _viewers_agree(stage: Stage) -> list[str]:
    """Every viewer has a stream, and holds what the store says."""
    answer = await stage.http.get(f"{stage.teacher.path}/state")
    wanted: Registers = dict(answer.raise_for_status().json()["writes"])
    members = stage.there.members
    silent = sum(not one.here for one in members)
    differ = [one for one in members if _kept(one.registers) != wanted]
    refused = Counter(one.refused[-1] if one.refused else "unanswered" for one in members if not one.here)
    found = [f"{silent} viewers without a stream, last told {dict(refused)}"] if silent else []
    if differ:
        found.append(f"{len(differ)} viewers differ: {_difference(_kept(differ[0].registers), wanted)}")
    return found


def _kept(registers: Registers) -> Registers:
    """Without what is live only; and a viewer that followed the slides has the ink of pages that it left, which is no lie."""
    page = registers.get("slide", {}).get("page")
    return {
        key: value
        for key, value in registers.items()
        if key != "pointer" and (not key.startswith("ink/") or key.startswith(f"ink/{page}/"))
    }


def _difference(one: Registers, other: Registers) -> dict[str, Any]:
    keys = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
    return {key: (str(one.get(key))[:60], str(other.get(key))[:60]) for key in keys[:3]}


async def _votes(stage: Stage) -> list[str]:
    """Every poll's tally and its rows in the results are the votes that were acknowledged."""
    held = await stage.teacher.registers()
    answer = await stage.http.get(f"{stage.teacher.path}/polls.csv", headers=stage.teacher.auth)
    rows = list(csv.DictReader(io.StringIO(answer.raise_for_status().text, newline="")))
    found = []
    for name, votes in stage.account.polls.items():
        tally = held.get(f"tally/{name}")
        mine = [row for row in rows if row["poll"] == name]
        counted = [int(row["count"]) for row in mine]
        if not mine:
            found.append(f"poll {name} is not among the results")
        elif tally is None and not votes.acknowledged and not sum(counted):
            continue
        elif tally is None or tally["counts"] != counted:
            found.append(f"poll {name}: the tally is {tally}, the results {counted}")
        elif why := votes.wrong(tally["counts"], tally["voters"]):
            found.append(f"poll {name}: {why}")
    return found
