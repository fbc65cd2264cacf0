"""The command `claimcheck-evals`.

Exit codes: 0 done, 1 stopped by the budget or worse than before, 2 wrong use, 3 cannot reach or authorise.
"""

from __future__ import annotations

import json
import os
import random
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from claimcheck.client import ClaimcheckError

from client.api import Api
from client.connection import NoAddress
from evals import compare as comparing
from evals import labelled_files, report, system, tables
from evals.budget import Budget
from evals.examples import BadSet
from evals.intervals import RESAMPLES
from evals.journal import BadRun, Journal
from evals.runner import Runner, Stopped, outcomes_of
from evals.sets import SETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evals.examples import Example, Json, Outcome
    from evals.sets import LabelledSet
    from evals.system import Wanted

EXIT_UNFINISHED, EXIT_USAGE, EXIT_UNREACHABLE = 1, 2, 3
PATIENCE_S = 600.0  # how long a service that says 429 or 503 is asked again
_WIDTH_WITHOUT_TERMINAL = 200


class ModelChoice(StrEnum):
    """Who answers: the labelled offline stand-in, or Claude through the Messages API."""

    offline = "offline"
    anthropic = "anthropic"


Seed = Annotated[int, typer.Option(help="Of the documents' order and of the bootstrap.")]
Draws = Annotated[int, typer.Option("--resamples", min=100, help="Bootstrap draws.")]


def _measure(chosen: LabelledSet) -> Callable[..., None]:
    """The command that measures one set."""

    def run(
        *,
        split: Annotated[str, typer.Option(help="Which part of the set: the name of its folder.")] = "dev",
        data: Annotated[
            Path | None, typer.Option(help="The labelled sets; default: CLAIMCHECK_DATA or ../shared/data.")
        ] = None,
        url: Annotated[str | None, typer.Option(help="Address of the API (or CLAIMCHECK_URL).")] = None,
        key: Annotated[str | None, typer.Option(help="API key (or CLAIMCHECK_KEY).")] = None,
        model: Annotated[
            ModelChoice | None, typer.Option(help="Of a system on this machine; default: offline.")
        ] = None,
        system_data: Annotated[
            Path, typer.Option(help="Where `claimcheck up` may be running already.")
        ] = Path(".claimcheck"),
        run_dir: Annotated[
            Path | None, typer.Option("--run", help="Directory of the run; an old one is gone on with.")
        ] = None,
        limit: Annotated[
            int | None, typer.Option(min=1, help="This many documents, drawn by --seed.")
        ] = None,
        concurrency: Annotated[int, typer.Option(min=1, max=64, help="Documents at a time.")] = 4,
        seed: Seed = 0,
        budget_usd: Annotated[float, typer.Option(min=0, help="Spend no more than this, in all.")] = 10.0,
        max_cost_usd: Annotated[
            float, typer.Option(min=0.0001, help="Spend no more than this on a job.")
        ] = 1.0,
        resamples: Draws = RESAMPLES,
        json_file: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
        markdown: Annotated[Path | None, typer.Option(help="Write the report as Markdown.")] = None,
    ) -> None:
        with _errors():
            folder = labelled_files.directory(data, os.environ) / chosen.folder
            examples = _drawn(chosen.load(folder, split), seed, limit)
            asked = system.wanted(url, key, model.value if model else None, system_data)
            directory = run_dir or _fresh(chosen.name, split, asked.label)
            with Journal.open(directory, set_name=chosen.name, split=split, model=asked.label) as journal:
                budget = Budget(budget_usd, journal.spent_usd())
                _tell(f"the run is kept in {directory}; go on with it: --run {directory}")
                finished = _put_through(
                    examples, journal, budget, asked, max_cost_usd=max_cost_usd, concurrency=concurrency
                )
                done = {each.id: found for each in examples if (found := outcomes_of(each, journal))}
            about: Json = {"set": chosen.name, "split": split, "asked": asked.label}
            about["stopped"] = None if finished else f"the budget of {budget_usd} USD does not reach further"
            made = report.build(examples, done, chosen.judge, about, seed=seed, resamples=resamples)
            _hand_over(made, json_file, markdown)
            if not finished:
                raise typer.Exit(EXIT_UNFINISHED)

    run.__doc__ = chosen.about
    return run


def _drawn(examples: list[Example], seed: int, limit: int | None) -> list[Example]:
    """In an order drawn by the seed, so that wherever a run ends, its documents are a fair sample."""
    drawn = random.Random(seed).sample(examples, len(examples))  # noqa: S311 - repeatable, nothing secret
    return drawn[:limit]


def _fresh(name: str, split: str, label: str) -> Path:
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    return Path(".claimcheck-evals") / f"{at}-{name}-{split}-{label}"


def _put_through(
    examples: Sequence[Example],
    journal: Journal,
    budget: Budget,
    asked: Wanted,
    *,
    max_cost_usd: float,
    concurrency: int,
) -> bool:
    """Make the jobs that the journal does not hold; False where the budget ended before the documents."""
    own = journal.directory / "system"
    open_ones = [each for each in examples if outcomes_of(each, journal) is None]
    if open_ones:
        told = len(examples) - len(open_ones)

        def tell(example: Example, outcomes: Sequence[Outcome]) -> None:
            nonlocal told
            told += 1
            states = ", ".join(outcome.status for outcome in outcomes)
            _tell(f"{told}/{len(examples)} {example.id} {states}; {budget.spent:.4f} USD so far")

        with system.address(asked, own) as (url, key), Api(url, key, patience=PATIENCE_S) as api:
            runner = Runner(
                api, journal, budget, max_cost_usd=max_cost_usd, concurrency=concurrency, on_document=tell
            )
            if not runner.run(open_ones):
                return False
    system.discard(own)
    return True


def _hand_over(made: Json, json_file: Path | None, markdown: Path | None) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
    tables.show(made, console)
    if json_file is not None:
        _write(json_file, json.dumps(made, ensure_ascii=False) + "\n")
    if markdown is not None:
        _write(markdown, tables.markdown(made))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRun(f"cannot write {path}: {error.strerror}; the run is kept, give another file") from None


def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="The report to compare with.")],
    second: Annotated[Path, typer.Argument(metavar="B.json", help="The report that is judged.")],
    *,
    seed: Seed = 0,
    resamples: Draws = RESAMPLES,
) -> None:
    """Say which figures of two runs differ beyond their intervals; exit code 1 where the F1 is worse."""
    from rich.console import Console

    with _errors():
        reports = [_read_report(path) for path in (first, second)]
        found = comparing.compare(*reports, seed=seed, resamples=resamples)
        comparing.show(found, [first.name, second.name], Console(highlight=False))
        if found.worse:
            raise typer.Exit(EXIT_UNFINISHED)


def _read_report(path: Path) -> Json:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise comparing.NotComparable(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise comparing.NotComparable(f"{path} is no report: make one with --json")
    return read


@contextmanager
def _errors() -> Iterator[None]:
    """Say in one line what went wrong, and end with the exit code that belongs to it."""
    try:
        yield
    except (BadSet, BadRun, NoAddress, comparing.NotComparable) as problem:
        _end(problem, EXIT_USAGE)
    except (ClaimcheckError, system.NotStarted) as problem:
        _end(problem, EXIT_UNREACHABLE)
    except (KeyboardInterrupt, Stopped):
        _end("stopped; what was submitted is kept, go on with --run", 130)


def _end(problem: object, code: int) -> NoReturn:
    _tell(" ".join(str(problem).split()))
    raise typer.Exit(code)


def _tell(message: str) -> None:
    print(f"claimcheck-evals: {message}", file=sys.stderr, flush=True)


def build() -> typer.Typer:
    """The command with a subcommand for each set."""
    app = typer.Typer(
        name="claimcheck-evals",
        help="Measure Claimcheck against labelled documents, over its API.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for each in SETS.values():
        app.command(each.name)(_measure(each))
    app.command()(compare)
    return app


def main() -> None:
    """Run the command line; the console script `claimcheck-evals`."""
    build()()
