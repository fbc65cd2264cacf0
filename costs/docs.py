"""The two tables of docs/deploy.md that follow from the templates: parameters and costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from costs.prices import ROOT, regions
from costs.report import reckon, summary
from costs.resources import TEMPLATE, template

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "deploy.md"


def tables() -> dict[str, str]:
    """Each table by the name of its place in the page."""
    return {
        "parameters": "\n".join(_parameters()) + "\n",
        "costs": summary([reckon(region) for region in regions()]),
    }


def _parameters() -> Iterator[str]:
    """Name, default and meaning, in the groups of `sam deploy --guided`."""
    root = template(TEMPLATE)
    declared = root["Parameters"]
    groups = root["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [(group["Label"]["default"], group["Parameters"]) for group in groups]
    rest = [name for name in declared if not any(name in names for _, names in grouped)]
    for label, names in [*grouped, ("Others", rest)]:
        if names:
            yield f"| {label} | by default | |"
            yield "|---|---|---|"
        for name in names:
            each = declared[name]
            default = f"`{each['Default']}`" if str(each.get("Default", "")) else "none"
            allowed = each.get("AllowedValues")
            values = f" ({', '.join(map(str, allowed))})" if allowed and len(allowed) <= 4 else ""
            yield f"| `{name}` | {default}{values} | {each['Description']} |"
        if names:
            yield ""


def written(page: str) -> str:
    """The page with the tables as they are now."""
    for name, table in tables().items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not place.search(page):
            raise LookupError(f"docs/deploy.md has no place for {name}")
        page = place.sub(lambda found, table=table: found[1] + "\n" + table + found[2], page)  # type: ignore[misc]
    return page


def write() -> None:
    """Bring docs/deploy.md up to date."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
