"""S3: where documents and texts live that are too large for a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.aws import clients
from claimcheck.aws.faults import translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3.client import S3Client


class S3Objects:
    """One bucket."""

    def __init__(self, bucket: str, *, connect: Callable[[], S3Client] = clients.s3) -> None:
        self._bucket = bucket
        self._client = clients.Lazily(connect)

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store `content` under `key`. Raises UnavailableError."""
        with translated("S3"):
            self._client().put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=media_type)

    def get(self, key: str) -> bytes:
        """What is stored under `key`. Raises UnavailableError."""
        with translated("S3"):
            return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
