"""Charts as SVG, drawn by matplotlib: medians with their ranges over a logarithmic x axis.

Rules: no colour alone (each series has its own mark); words stay words, so that they can be read and searched; the
same data give the same bytes. Grey on white or on black is readable both ways, since the ground is left transparent.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from scripts.lib.bench.rounds import Summary

# Okabe and Ito's colours, which people with any colour vision tell apart: https://jfly.uni-koeln.de/color/
LOOK = (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^"), ("#cc79a7", "D"))
GREY = "#767676"  # 4.5 to 1 on white, nearly as much on black
SETTINGS: Any = {  # the names that matplotlib knows are a type of their own, of hundreds of lines
    "svg.fonttype": "none",
    "svg.hashsalt": "lectern",
    "font.family": "sans-serif",
    "font.size": 11,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), GREY),
}


def chart(title: str, x: str, y: str, series: Mapping[str, Sequence[tuple[float, Summary]]]) -> str:
    """The picture: `series` has each line's points, x and a summary of y."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(7.5, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.set_xscale("log")
        for (name, points), (colour, mark) in zip(series.items(), LOOK, strict=False):
            places = [place for place, _ in points]
            middles = [found.middle for _, found in points]
            below = [found.middle - found.low for _, found in points]
            above = [found.high - found.middle for _, found in points]
            axes.errorbar(
                places,
                middles,
                (below, above),
                color=colour,
                marker=mark,
                elinewidth=1,
                capsize=3,
                label=name,
            )
        sizes = sorted({place for points in series.values() for place, _ in points})
        axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes], rotation=45)
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, axis="y", color=GREY, alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        return drawn.getvalue()
