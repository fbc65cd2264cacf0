"""Both builds of the artifacts: unzipped sizes, no junk, nothing of the checkout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.policy import built
from tests.proof.artifacts import DEPLOYED, build, machine
from tests.proof.check import Check, NotProvedError
from toolchain.environments import RUNTIME, SAM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.check import Ground


def run(ground: Ground) -> str:
    """Build for the processor that is deployed, and for this machine's; the figures are of the first."""
    largest, folders = {}, {}
    for architecture in sorted({DEPLOYED, machine()}):
        folder = folders[architecture] = build(ground, architecture)
        _without_junk(folder)
        sizes = built.sizes_mb(folder)
        for name, size in sorted(sizes.items()):
            ground.say(f"{architecture} {name} with its layer: {size:.1f} MB unzipped")
        largest[architecture] = max(sizes.items(), key=lambda pair: pair[1])
        if largest[architecture][1] >= built.MAX_UNZIPPED_MB:
            raise NotProvedError(
                f"{architecture}: {largest[architecture]} MB, {built.MAX_UNZIPPED_MB} are allowed"
            )
    _alone(folders[machine()])
    name, size = largest[DEPLOYED]
    return f"{len(sizes)} functions; largest with its layer: {name}, {size:.1f} MB of {built.MAX_UNZIPPED_MB}"


def _without_junk(folder: Path) -> None:
    places = {function.code_uri for function in built.system(folder).functions.values()}
    places |= {layer for function in built.system(folder).functions.values() for layer in function.layers}
    if found := [str(path) for place in sorted(places) for path in built.junk(place)]:
        raise NotProvedError(f"not to be deployed: {found[:5]}")


def _alone(folder: Path) -> None:
    """Only this machine's build can be asked what it finds: its libraries load here."""
    for name, function in built.system(folder).functions.items():
        seen = built.seen_by(function)
        path = seen["path"]
        if seen["foreign"] or not isinstance(path, list) or built.strangers(folder, path):
            raise NotProvedError(f"{name} finds what is not of its artifact: {json.dumps(seen)}")


CHECK = Check(
    "artifacts",
    "sam build for Lambda's processor and this one: sizes, no junk, nothing of the checkout",
    run,
    (SAM, RUNTIME),
)
