"""Secrets Manager: each secret is read once an environment, by whoever keeps it."""

from __future__ import annotations


def read_secret(arn: str) -> str:
    """The secret's string. Raises UnavailableError."""
    from claimcheck.aws import clients
    from claimcheck.aws.faults import translated

    with translated("Secrets Manager"):
        client = clients.Lazily(clients.secrets)()  # nobody asks twice, so it is not kept
        return str(client.get_secret_value(SecretId=arn)["SecretString"])
