"""checkov over the templates, as they are written and as SAM transforms them.

What it finds and is meant so is said beside the resource, in checkov's own way (`Metadata: checkov: skip`),
each with its reason; SAM's translator hands that on to what it makes of a resource. The transformed
templates are read once more without a word of it: a suppression that nothing needs any more fails as well.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.intrinsics import read_yaml
from tests.policy.transformed import TEMPLATE, Template, nested, transformed
from tests.proof.check import Check, NotProvedError
from toolchain.environments import PROOF, SAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.proof.check import Ground

WRITTEN, TRANSFORMED, BARE = "written", "transformed", "bare"
# Alarms, a dashboard and queries: checkov has no rule about any of them.
WITHOUT_RULES = frozenset({"monitoring"})
# A template's name without its ending, a resource as it is written there, and a check.
Suppression = tuple[str, str, str]


def run(ground: Ground) -> str:
    """Fail on every finding, on a suppression that nothing needs, and on a file that was not read."""
    paths = [TEMPLATE, *nested()]
    for folder in (WRITTEN, TRANSFORMED, BARE):
        (ground.scratch / folder).mkdir()
    for path, template in zip(paths, transformed([(path, {}) for path in paths]), strict=True):
        (ground.scratch / WRITTEN / path.name).write_bytes(path.read_bytes())
        for folder, content in ((TRANSFORMED, template), (BARE, bare(template))):
            said = json.dumps(content, indent=1)
            (ground.scratch / folder / f"{path.stem}.json").write_text(said, encoding="utf-8")
    written = {path.stem: read_yaml(path) for path in paths}
    reports = _checkov(ground.scratch)
    problems = list(faults(written, reports))
    for problem in problems:
        ground.say(problem)
    if problems:
        raise NotProvedError(f"{len(problems)}: {'; '.join(problems[:5])}")
    passed, meant = (len(_of(reports, kind, TRANSFORMED)) for kind in ("passed", "skipped"))
    listed = len(set(suppressions(written)))
    return f"{len(paths)} templates, {passed} passed, {meant} meant so, by {listed} suppressions, all of use"


def bare(template: Template) -> Template:
    """A template without a word to checkov."""
    resources = {
        name: {**resource, "Metadata": {**resource.get("Metadata", {}), "checkov": {}}}
        for name, resource in template["Resources"].items()
    }
    return {**template, "Resources": resources}


def suppressions(written: Mapping[str, Template]) -> Iterator[Suppression]:
    """What the templates say to checkov beside their resources."""
    for stem, template in written.items():
        for name, resource in template["Resources"].items():
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
                yield stem, name, skip["id"]


def faults(written: Mapping[str, Template], reports: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each thing that is wrong; `reports` are checkov's, over the three folders."""
    reports = list(reports)
    for report in reports:
        yield from (f"not read: {name}" for name in report["results"]["parsing_errors"])
    for folder in (WRITTEN, TRANSFORMED, BARE):
        read = {_stem(each) for each in _of(reports, "passed", folder)}
        for stem in sorted(read ^ (set(written) - WITHOUT_RULES)):
            yield f"{folder}: {stem} was {'read' if stem in read else 'not read, or nothing of it passed'}"
    for folder in (WRITTEN, TRANSFORMED):
        for each in _of(reports, "failed", folder):
            yield f"{folder}: {each['check_id']} {each['resource']}: {each['check_name']}"
    needed = {
        (_stem(each), _source(written[_stem(each)], each["resource"]), each["check_id"])
        for each in _of(reports, "failed", BARE)
    }
    for idle in sorted(set(suppressions(written)) - needed):
        yield f"a suppression that nothing needs: {' '.join(idle)}"


def _source(template: Template, resource: str) -> str:
    """The resource as it is written of which SAM made `Type.Name`: its name begins the other's."""
    name = resource.rpartition(".")[2]
    return max((each for each in template["Resources"] if name.startswith(each)), key=len, default=name)


def _stem(found: Mapping[str, Any]) -> str:
    return Path(found["file_path"]).stem


def _of(reports: Iterable[Mapping[str, Any]], kind: str, folder: str) -> list[dict[str, Any]]:
    """The checks of the templates in a folder that passed, failed or were skipped."""
    every = (each for report in reports for each in report["results"][f"{kind}_checks"])
    return [each for each in every if each["file_path"].startswith(f"/{folder}/")]


def _checkov(folder: Path) -> list[dict[str, Any]]:
    command = [PROOF.program("checkov"), "--directory", str(folder), "--framework", "cloudformation"]
    # --skip-download: it would ask its maker's server for what it says of each check
    flags = ["--compact", "--skip-download", "--output", "json"]
    done = subprocess.run(
        [*command, *flags],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )
    if done.returncode not in (0, 1):
        raise NotProvedError(f"checkov ended with {done.returncode}: {done.stderr[-500:]}")
    said = json.loads(done.stdout)
    return said if isinstance(said, list) else [said]


CHECK = Check(
    "checkov",
    "checkov's rules over the templates, each exception reasoned beside its resource",
    run,
    (SAM, PROOF),
)
