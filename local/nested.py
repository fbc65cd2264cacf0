"""What stands in for the outputs of the nested stacks (infra/), which do not exist on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping


def outputs(database_url: str) -> Mapping[str, Mapping[str, str]]:
    """As infra/database.yaml gives them, for a database that everybody enters as `database_url` says.

    A function's URL names its role; what stands in the options comes after that and overrules it.
    Raises psycopg.ProgrammingError for what is no connection string.
    """
    from psycopg.conninfo import conninfo_to_dict

    options = {name: str(value) for name, value in conninfo_to_dict(database_url).items()}
    address = "/?" + urlencode(options, quote_via=quote)
    return {"Database": {"Address": address, "OwnerUrl": database_url, "Auth": "password"}}
