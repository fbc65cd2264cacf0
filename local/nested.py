"""What stands in for the outputs of the nested stacks (infra/), which do not exist on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def outputs(owner_url: str, address: str) -> Mapping[str, Mapping[str, str]]:
    """As infra/database.yaml gives them: `owner_url` is migrate's, `address` what follows a role in a URL."""
    return {"Database": {"Address": address, "OwnerUrl": owner_url, "Master": "", "Auth": "password"}}
