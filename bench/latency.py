"""How long a caller waits for a ticket as the load grows, beside three usual designs; and the plot of it.

At each rate an open loop hands in small jobs for a while; the model answers at once, so that the jobs are
worked on beside it. A system that falls behind its rate is not asked for more.
"""

from __future__ import annotations

from bench import plots
from bench.clients import hand_in_at, small_job
from bench.contenders import OURS, PEERS, contender, machine
from bench.measuring import Outcome, Sample

RATES = (10, 25, 50, 75, 100, 150, 200)  # jobs a second
SECONDS = 10.0
GIVEN_UP_MS = 2_000.0

Curve = dict[int, Sample]


def run(rounds: int | None = None) -> list[Outcome]:
    """The waits at 50 a second against each peer's; `rounds` is seconds at each rate. Writes the plot."""
    curves: dict[str, Curve] = {}
    with machine() as shared:
        for name in (OURS, *PEERS):
            with contender(shared, name) as (url, key):
                curves[name] = _curve(url, key, name, float(rounds or SECONDS))
    plots.latency(curves)
    ours = curves.pop(OURS)
    return [
        Outcome(
            f"wait for a ticket at {rate} a second, against {name}",
            ours[rate],
            curve[rate],
            1.0,
            notes=_said(ours, curve),
        )
        for name, curve in curves.items()
        for rate in (50,)
        if rate in ours and rate in curve
    ]


def _curve(url: str, key: str, name: str, seconds: float) -> Curve:
    hand_in_at(url, [small_job(number, f"{name}-warm") for number in range(100)], a_second=20, key=key)
    curve: Curve = {}
    for rate in RATES:
        bodies = [small_job(number, f"{name}-{rate}") for number in range(int(rate * seconds))]
        handed = hand_in_at(url, bodies, a_second=rate, key=key)
        curve[rate] = Sample(name, [each.waited_ms for each in handed])
        if curve[rate].quantile(0.99) > GIVEN_UP_MS:
            break
    return curve


def _said(ours: Curve, theirs: Curve) -> list[str]:
    return [
        f"{rate} a second: p50 {ours[rate].median:.1f} and {theirs[rate].median:.1f} ms, "
        f"p99 {ours[rate].quantile(0.99):.1f} and {theirs[rate].quantile(0.99):.1f} ms"
        for rate in ours
        if rate in theirs
    ]
