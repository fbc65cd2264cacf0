"""What infra/database.yaml says of the database's address, read as libpq and the layer will."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any

import botocore
from psycopg.conninfo import conninfo_to_dict

from local.intrinsics import read_yaml

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS: dict[str, Any] = read_yaml(ROOT / "infra" / "database.yaml")["Outputs"]
HOST = "claimcheck.proxy-abc123.eu-central-1.rds.example.com"
LAYER = "/opt/python/"  # where Lambda puts what `sam build` makes of layers/common


def _deployed(output: str) -> str:
    """An output with one host in the place of CloudFormation's."""
    return re.sub(r"\$\{[^}]*\}", HOST, OUTPUTS[output]["Value"]["Fn::Sub"])


def test_a_function_verifies_whom_it_gives_its_token() -> None:
    """Role, host and database are where libpq looks for them, and the server's name is checked."""
    options = conninfo_to_dict(f"postgresql://claimcheck_api@{_deployed('Address')}")
    assert (options["user"], options["host"], options["dbname"]) == ("claimcheck_api", HOST, "claimcheck")
    assert (options["port"], options["sslmode"]) == ("5432", "verify-full")
    assert "password" not in options


def test_the_authorities_are_in_the_layer() -> None:
    """RDS Proxy's certificates are of Amazon Trust Services; their roots are in the file that is named."""
    named = str(conninfo_to_dict(f"postgresql://r@{_deployed('Address')}")["sslrootcert"])
    assert named.startswith(f"{LAYER}botocore/")
    file = Path(botocore.__file__).parent / named.removeprefix(f"{LAYER}botocore/")
    roots: list[dict[str, Any]] = ssl.create_default_context(cafile=str(file)).get_ca_certs()
    names = {value for root in roots for ((_, value),) in root["subject"]}
    assert {f"Amazon Root CA {number}" for number in (1, 2, 3, 4)} <= names


def test_the_owner_speaks_to_the_instance_by_tls() -> None:
    """`migrate` is the owner, at the instance itself; nothing goes in the clear, and no password is in it."""
    options = conninfo_to_dict(_deployed("OwnerUrl"))
    assert (options["user"], options["host"], options["sslmode"]) == ("claimcheck_owner", HOST, "require")
    assert "password" not in options


def test_everything_signs_in_by_token() -> None:
    """DATABASE_AUTH, the proxy and the master user agree."""
    resources: dict[str, Any] = read_yaml(ROOT / "infra" / "database.yaml")["Resources"]
    assert OUTPUTS["Auth"]["Value"] == "iam"
    assert resources["Proxy"]["Properties"]["DefaultAuthScheme"] == "IAM_AUTH"
    assert "Auth" not in resources["Proxy"]["Properties"]
    instance = resources["Instance"]["Properties"]
    assert "iam-db-auth" in instance["MasterUserAuthenticationType"]["Fn::If"]
    assert not {"MasterUserPassword", "ManageMasterUserPassword"} & set(instance)
