"""Secrets Manager: each secret is read once an environment."""

from __future__ import annotations


def read_secret(arn: str) -> str:
    """The secret's string. Raises UnavailableError."""
    import boto3

    from claimcheck.aws.faults import translated

    with translated("Secrets Manager"):
        return str(boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])
