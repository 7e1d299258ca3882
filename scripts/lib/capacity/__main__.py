"""The command: `scripts/capacity --viewers 800 --lessons 1`."""

import argparse
import sys
from pathlib import Path

from scripts.lib.capacity.check import WITHIN, check
from scripts.lib.capacity.constants import NoSuchRun, Runs, read
from scripts.lib.capacity.model import Dyno, Minute, Need, need

BENCH = Path(__file__).resolve().parents[3] / "docs" / "benchmarks" / "constants.json"
KIB, MIB, MEGA = 1024, 1024 * 1024, 1_000_000


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="scripts/capacity", description="What the worst minute needs, and what breaks first."
    )
    parser.add_argument("--viewers", type=int, default=800)
    parser.add_argument("--lessons", type=int, default=1)
    parser.add_argument(
        "--writes", type=float, default=15.0, help="a second and lesson (15: a pen that draws)"
    )
    parser.add_argument("--event-bytes", type=int, default=250, help="of an event's writes")
    parser.add_argument("--snapshot-kib", type=float, default=30.0)
    parser.add_argument("--page-kib", type=float, default=40.0, help="of a slide's picture")
    parser.add_argument("--assets-kib", type=float, default=26.0, help="of the page's files, compressed")
    parser.add_argument("--joins", type=int, help="in the first minute (all viewers)")
    parser.add_argument("--turns", type=float, default=1.0, help="pages a minute")
    parser.add_argument("--votes", type=int, help="in a minute (all viewers)")
    parser.add_argument("--registers", type=int, default=2_000, help="kept of a lesson")
    parser.add_argument("--dyno-cores", type=float, default=1.0)
    parser.add_argument("--dyno-mib", type=int, default=512)
    parser.add_argument("--dyno-mbit", type=float, default=500.0)
    parser.add_argument("--bench", type=Path, default=BENCH, help="where the constants come from")
    parser.add_argument(
        "--check", action="store_true", help="hold predictions against the bench file's measured runs"
    )
    return parser.parse_args()


def minute(asked: argparse.Namespace) -> Minute:
    """The arguments in the model's units."""
    return Minute(
        viewers=asked.viewers,
        lessons=asked.lessons,
        writes=asked.writes,
        event_bytes=asked.event_bytes,
        snapshot_bytes=int(asked.snapshot_kib * KIB),
        page_bytes=int(asked.page_kib * KIB),
        assets_bytes=int(asked.assets_kib * KIB),
        joins=asked.viewers if asked.joins is None else asked.joins,
        turns=asked.turns,
        votes=asked.viewers if asked.votes is None else asked.votes,
        registers=asked.registers,
    )


def report(found: Need) -> str:
    """For a person."""
    spent = ", ".join(f"{what} {share:.3f}" for what, share in found.cores.items() if share >= 0.0005)
    lines = [
        f"CPU            {sum(found.cores.values()):.2f} cores ({spent})",
        f"processes      {found.processes} (WEB_CONCURRENCY over all dynos), on {found.dynos} dynos",
        f"memory         {found.memory_a_process / MIB:.0f} MiB a process",
        f"bandwidth      {found.bits / MEGA:.0f} Mbit/s out",
        f"Redis          {found.commands:.0f} commands/s, {found.redis_bytes / MIB:.1f} MiB",
        f"sockets        {found.sockets}",
        "of one dyno    " + ", ".join(f"{what} {100 * share:.0f} %" for what, share in found.use.items()),
        f"breaks first   {found.first}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Print what is needed, or how right the model is."""
    asked = arguments()
    try:
        runs = Runs.read(asked.bench)
        if asked.check:
            predictions = check(runs)
            for one in predictions:
                verdict = "holds" if one.holds else f"OFF BY MORE THAN {100 * WITHIN:.0f} %"
                print(
                    f"{one.what}: predicted {one.predicted:.3f}, measured {one.measured:.3f}, {100 * one.off:+.0f} %  {verdict}"
                )
            return 0 if all(one.holds for one in predictions) else 1
        dyno = Dyno(asked.dyno_cores, asked.dyno_mib * MIB, asked.dyno_mbit * MEGA)
        print(report(need(minute(asked), read(runs), dyno)))
    except (OSError, NoSuchRun) as fault:
        print(f"capacity: {fault}; scripts/bench makes the file", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
