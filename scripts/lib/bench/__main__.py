"""`scripts/bench`: runs a scenario, or all that the claims need, and writes down what came of it."""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from scripts.lib.bench import comparison, plan, profiler, report, rounds
from scripts.lib.bench.claims import Claims
from scripts.lib.bench.lab import BEFORE, OURS, PEERS, Cell, Lab, Run, peer
from scripts.lib.bench.machine import describe
from scripts.lib.bench.peers.contract import Missing
from scripts.lib.bench.plan import Sizes
from scripts.lib.bench.system import raise_limits
from scripts.lib.server import PROJECT

EXAMPLES = """examples:
  scripts/bench fanout --viewers 500,2000,8000 --peers lectern,nchan,usual
  scripts/bench ink --viewers 2000 --rounds 3
  scripts/bench all                              everything the claims need; about an hour
  scripts/bench all --before ../other            and beside each of our runs the same of another checkout
  scripts/bench all --scale 0.02 --seconds 2 --rounds 1      a minute, to try the lab
  scripts/bench report                           tables and plots again, from the JSON
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("what", choices=[*rounds.SCENARIOS, "all", "report"])
    add("--viewers", type=_numbers, default=[], help="one number or several: 500,2000,8000")
    add("--rate", type=float, default=0.0, help="writes a second in all")
    add("--seconds", type=float, default=0.0, help="of each measured stretch (10; slow: 60)")
    add("--rounds", type=int, default=5, help="how often each is run, interleaved (5)")
    add("--workers", type=int, default=1, help="of the server")
    add("--peers", type=_names, default=["lectern", "nchan"], help=f"of {','.join(PEERS)} (lectern,nchan)")
    add("--before", type=Path, help="a checkout of another commit: the peer `before`, in the same rounds")
    add("--clients", type=int, default=1, help="processes of the load client (1)")
    add("--seed", type=int, default=1, help="of the order of writes")
    add("--scale", type=float, default=1.0, help="all: with fewer viewers")
    add("--out", type=Path, default=PROJECT / "var" / "bench", help="where results go (var/bench)")
    add(
        "--publish",
        type=Path,
        help="a folder that gets the page, the plots and the constants of `all`, without the raw runs",
    )
    add("--no-pin", action="store_true", help="let the server and the load client share cores")
    add("--profile", action="store_true", help="sample the server, where py-spy or perf is installed")
    asked = parser.parse_args(arguments)
    if asked.before and BEFORE not in asked.peers:
        asked.peers.append(BEFORE)
    return asked


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(PEERS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


def groups(asked: argparse.Namespace) -> list[list[Cell]]:
    """What is to be run."""
    if asked.what == "all":
        return plan.everything(Sizes(asked.scale), asked.peers, asked.seconds)
    ours = [name for name in asked.peers if name in OURS]
    peers = ours if asked.what in plan.ONLY_LECTERN else asked.peers
    more = {"rate": asked.rate, "seconds": asked.seconds, "workers": asked.workers}
    return [
        [plan.cell(asked.what, name, viewers, **more) for viewers in asked.viewers or [0] for name in peers]
    ]


def main() -> int:
    """Run it; 1 when a claim does not hold or a run was invalid."""
    asked = parse(sys.argv[1:])
    if asked.what == "report":
        results = sorted(asked.out.glob("*.json"))
        return max((_tell(path, asked.publish, *report.load(path)) for path in results), default=1)
    if asked.profile:
        profiler.prepare()
    raise_limits()
    wanted = groups(asked)
    lab = Lab(
        asked.seed,
        asked.clients,
        pin=not asked.no_pin,
        profile=asked.profile,
        before=asked.before or PROJECT,
        say=partial(print, flush=True),
    )
    try:
        chosen = [
            peer(name, before=lab.before)
            for name in dict.fromkeys(cell.peer for cells in wanted for cell in cells)
        ]
        head = describe(chosen, sys.argv[1:]) | {"what": asked.what, "scale": asked.scale, "pinned": lab.pin}
    except Missing as missing:
        sys.exit(f"bench: {missing}")
    path, runs = asked.out / f"{asked.what}.json", list[Run]()

    def keep(run: Run) -> None:
        runs.append(run)
        report.save(path, head, runs)

    for cells in wanted:
        rounds.run(lab, cells, asked.rounds, keep)
    return _tell(path, asked.publish, head, runs)


def _tell(path: Path, publish: Path | None, head: dict[str, object], runs: list[Run]) -> int:
    """Write the page and the plots, print the tables; `publish`: where else they go."""
    parts = [f"# {head['what']}\n", "```json", json.dumps(head, indent=1), "```\n"]
    holds = True
    if head["what"] == "all":
        found = Claims(runs, Sizes(float(str(head["scale"])))).all()
        holds = all(each.holds for each in found)
        parts += ["## Claims\n", report.verdicts(found)]
    if compared := comparison.table(runs):
        parts += ["## Over the other checkout\n", compared]
    print("\n".join([*parts[4:], report.table(runs)]), path, sep="\n")
    for folder in [path.parent, publish] if publish else [path.parent]:
        folder.mkdir(parents=True, exist_ok=True)
        drawn = report.plots(folder, runs)
        pictures = [f"![{each.stem} against viewers]({each.name})\n" for each in drawn]
        page = folder / f"{path.stem}.md"
        page.write_text("\n".join([*parts, *pictures, report.table(runs)]))
        print(page, *drawn, sep="\n")
    if publish and head["what"] == "all":
        (publish / "constants.json").write_text(report.constants(head, runs))
    return 0 if holds and all(run.valid for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
