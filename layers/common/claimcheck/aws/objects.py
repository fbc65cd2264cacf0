"""S3: where documents and texts live that are too large for a row."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from claimcheck.aws.faults import translated

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class S3Objects:
    """One bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    @cached_property
    def _client(self) -> S3Client:
        import boto3
        from botocore.config import Config

        # Path style: the bucket's name need not resolve, which an endpoint on this machine relies on.
        config = Config(connect_timeout=3, read_timeout=20, s3={"addressing_style": "path"})
        client: S3Client = boto3.client("s3", config=config)
        return client

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store `content` under `key`. Raises UnavailableError."""
        with translated("S3"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=media_type)

    def get(self, key: str) -> bytes:
        """What is stored under `key`. Raises UnavailableError."""
        with translated("S3"):
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
