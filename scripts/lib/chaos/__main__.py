"""The command: `scripts/chaos --seed 7 --rounds 30 --viewers 200`. Exits 1 on any violation, and names the seed."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from scripts.lib.chaos.faults import FAULTS
from scripts.lib.chaos.hostile import HOSTILE
from scripts.lib.chaos.rounds import Round, run

BY_NAME = {fault.__name__: fault for fault in FAULTS + HOSTILE}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--faults", help=f"what fails in each round, in turn (`a,b+c`): {', '.join(BY_NAME)}")
    parser.add_argument("--keep", type=Path, help="a folder for the server's log and the store's files")
    asked = parser.parse_args()
    asked.among = [names.split("+") for names in asked.faults.split(",")] if asked.faults else []
    if unknown := {name for names in asked.among for name in names} - BY_NAME.keys():
        parser.error(f"no such faults: {', '.join(sorted(unknown))}")
    return asked


def tell(one: Round) -> None:
    """A round as a row, and what was wrong below it."""
    refused = " ".join(f"{what}:{number}" for what, number in sorted(one.refused.items()))
    print(
        f"{one.number:5d} {one.lasted:7.1f} {one.agreed:7.1f} {one.writes:7d} {one.votes:6d} {one.resets:7d}"
        f"  {'WRONG' if one.wrong else 'ok':5s} {one.faults}  {refused}",
        flush=True,
    )
    for what in one.wrong:
        print(f"      {what}", flush=True)


def main() -> int:
    """The exit code."""
    asked = arguments()
    print(f"seed {asked.seed}")
    print("round lasted,s agreed,s  writes  votes  resets  verdict")
    with tempfile.TemporaryDirectory(prefix="lectern-chaos-") as folder:
        rounds = asyncio.run(
            run(
                asked.keep or Path(folder),
                seed=asked.seed,
                rounds=asked.rounds,
                crowd=asked.viewers,
                tell=tell,
                among=[[BY_NAME[name] for name in names] for names in asked.among],
            )
        )
    wrong = [one.number for one in rounds if one.wrong]
    print(f"seed {asked.seed}: {f'rounds {wrong} went wrong' if wrong else 'nothing lost, nobody silent'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
