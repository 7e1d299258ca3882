"""Did everybody come through: every register of every student, and every acknowledged vote.

Rules: a student's replica must come to equal the store's snapshot for viewers, but for the live pointer, which is kept by
nobody, and the ink of pages that are not live, which a viewer fetches when it looks back. Votes are counted from the
server's own table, which is made from the votes, not from the published tally; the tally must equal it too.
"""

import asyncio
import csv
import io
from collections import Counter

import httpx

from scripts.lib.storm.scenes import Hall
from scripts.lib.stream import Registers

SETTLE_S = 30.0
TALLY_S = 2.0


def _lasting(registers: Registers, page: str) -> Registers:
    ink = f"ink/{page}/"
    return {
        key: value
        for key, value in registers.items()
        if key != "pointer" and (not key.startswith("ink/") or key.startswith(ink))
    }


async def states(hall: Hall, base: str) -> list[str]:
    """What is wrong with whose state; empty when all are equal."""
    deadline = asyncio.get_running_loop().time() + SETTLE_S
    async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
        while True:
            answer = await http.get(f"/api/lessons/{hall.teacher.lesson}/state")
            held = dict(answer.raise_for_status().json()["writes"])
            page = held["slide"]["page"]
            wanted = _lasting(held, page)
            wrong = [
                f"student {number}: {sorted(_different(wanted, _lasting(each.registers, page)))[:5]}"
                for number, each in enumerate(hall.students)
                if _lasting(each.registers, page) != wanted
            ]
            if not wrong or asyncio.get_running_loop().time() > deadline:
                return wrong
            await asyncio.sleep(0.2)


def _different(held: Registers, replica: Registers) -> set[str]:
    return {key for key in held.keys() | replica.keys() if held.get(key) != replica.get(key)}


async def votes(hall: Hall, poll: str = "storm") -> tuple[int, list[str]]:
    """How many votes were acknowledged, and what is wrong with the count of them."""
    promised: Counter[int] = Counter()
    for student in hall.students:
        promised.update(student.acknowledged.get(poll, []))
    voters = sum(poll in student.acknowledged for student in hall.students)
    if not voters:
        return 0, []
    teacher = hall.teacher
    table = await teacher.http.get(f"{teacher.path}/polls.csv", headers=teacher.auth)
    rows = [row for row in csv.DictReader(io.StringIO(table.text)) if row["poll"] == poll]
    counted = [int(row["count"]) for row in rows]
    # The last tally is published up to half a second after the last vote; a later one would be a fault.
    deadline = asyncio.get_running_loop().time() + TALLY_S
    wanted = {"counts": counted, "voters": voters}
    while (tally := (await teacher.registers()).get(f"tally/{poll}")) != wanted:
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.05)
    wrong = []
    if counted != [promised[option] for option in range(len(counted))] or int(rows[0]["voters"]) != voters:
        wrong.append(
            f"the table has {counted} of {rows[0]['voters']} voters, acknowledged were {dict(promised)} of {voters}"
        )
    if tally != wanted:
        wrong.append(f"the tally says {tally}, the table {counted} of {voters}")
    return voters, wrong
