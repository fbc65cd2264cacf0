"""Plots for docs/performance.md, as SVG."""

from __future__ import annotations

import contextlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measuring import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"


def latency(curves: Mapping[str, Mapping[int, Sample]], directory: Path = FIGURES) -> None:
    """Of each system, p50 and p99 of the wait for a ticket (ms) by jobs a second: `latency.svg`."""
    with _axes(directory / "latency.svg") as axes:
        for name, curve in curves.items():
            rates = list(curve)
            p99 = [curve[rate].quantile(0.99) for rate in rates]
            (line,) = axes.plot(rates, p99, marker="o", label=f"{name}, p99 (dotted: p50)")
            axes.plot(rates, [curve[rate].median for rate in rates], linestyle=":", color=line.get_color())
        axes.set(
            xlabel="jobs a second (open loop)", ylabel="wait for the ticket, ms (dotted: p50)", yscale="log"
        )


def width(gb_seconds: Mapping[int, Sequence[float]], directory: Path = FIGURES) -> None:
    """What a job is billed for by how many an environment works on at once: `width.svg`.

    Nothing is drawn where matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return
    widths = list(gb_seconds)
    billed = [Sample("", gb_seconds[width]).median for width in widths]
    with _axes(directory / "width.svg") as axes:
        axes.plot(widths, billed, marker="o", label="measured")
        axes.plot(widths, [billed[0] / width for width in widths], linestyle=":", label="ideal")
        axes.set(xlabel="jobs of a batch, worked on at once", ylabel="GB-seconds a job", ylim=(0, None))


@contextlib.contextmanager
def _axes(path: Path) -> Iterator[Axes]:
    """One plot; the same figures give the same file."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "claimcheck"
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    yield axes
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
