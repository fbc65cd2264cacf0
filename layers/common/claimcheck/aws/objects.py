"""S3: where documents and texts live that are too large for a row."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from claimcheck.aws import clients
from claimcheck.aws.faults import translated
from claimcheck.documents.uploads import FoundObject, UploadTarget
from claimcheck.failures import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_CHUNK_BYTES = 1 << 20
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class S3Objects:
    """One bucket."""

    def __init__(self, bucket: str, *, connect: Callable[[], S3Client] = clients.s3) -> None:
        self._bucket = bucket
        self._client = clients.Lazily(connect)
        self._address: str | None = None

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store `content` under `key`, checked on its way by S3. Raises UnavailableError."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        with translated("S3"):
            self._client().put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ContentType=media_type,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=digest,
            )

    def get(self, key: str) -> bytes:
        """What is stored under `key`. Raises UnavailableError."""
        with translated("S3"):
            return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def find(self, key: str) -> bytes | None:
        """What is stored under `key`; None where nothing is. Raises UnavailableError.

        Who may not list the bucket is answered 403 then, which is taken for the same.
        """
        from botocore.exceptions import ClientError

        with translated("S3"):
            try:
                return self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in {*_ABSENT, "AccessDenied"}:
                    return None
                raise

    def address(self) -> str:
        """The address below which links into the bucket are, up to a slash. Raises UnavailableError."""
        if self._address is None:
            self._address = self.link("a", media_type="text/plain", expires_s=60).partition("/a?")[0] + "/"
        return self._address

    def link(self, key: str, *, media_type: str, expires_s: int) -> str:
        """An address that gives anyone what is under `key`, as `media_type`, for `expires_s` seconds.

        It ends with the credentials that signed it, if those end sooner. Raises UnavailableError.
        """
        with translated("S3"):
            return self._client().generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ResponseContentType": media_type,
                    "ResponseContentDisposition": "attachment",  # a browser shows no stranger's bytes
                },
                ExpiresIn=expires_s,
            )

    def fetch_to(self, key: str, file: BinaryIO) -> bytes:
        """Write what is under `key` into `file`, piece by piece; its SHA-256. Raises UnavailableError."""
        digest = hashlib.sha256()
        for chunk in self._chunks(key):
            digest.update(chunk)
            file.write(chunk)
        return digest.digest()

    def digest(self, key: str) -> bytes:
        """The SHA-256 of what is stored under `key`, read piece by piece. Raises UnavailableError."""
        digest = hashlib.sha256()
        for chunk in self._chunks(key):
            digest.update(chunk)
        return digest.digest()

    def look(self, key: str) -> FoundObject | None:
        """What the store says of the bytes under `key`; None where there are none. Raises UnavailableError.

        That there are none is known only to a caller who may list the bucket: to others S3 answers 403.
        """
        from botocore.exceptions import ClientError

        with translated("S3"):
            try:
                head = self._client().head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _ABSENT:
                    return None
                raise
        return FoundObject(head["ContentLength"], _whole_sha256(head.get("ChecksumSHA256")))

    def remove(self, prefix: str) -> int:
        """Delete everything whose key begins with `prefix`, every version of it; how much that was.

        Raises UnavailableError. A version is deleted by its name: what is put there meanwhile stays, in a
        bucket that keeps versions.
        """
        removed = 0
        with translated("S3"):
            pages = self._client().get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                versions: list[ObjectIdentifierTypeDef] = [
                    {"Key": each["Key"], "VersionId": each["VersionId"]} for each in found
                ]
                if versions:
                    removed += self._delete(versions)
        return removed

    def _delete(self, versions: list[ObjectIdentifierTypeDef]) -> int:
        answer = self._client().delete_objects(
            Bucket=self._bucket, Delete={"Objects": versions, "Quiet": True}
        )
        if failed := answer.get("Errors"):
            raise UnavailableError(f"S3 did not delete {len(failed)} objects ({failed[0].get('Code')})")
        return len(versions)

    def upload_target(
        self, key: str, *, media_type: str, size_bytes: int, sha256: bytes, expires_s: int
    ) -> UploadTarget:
        """Where these bytes, and no others, may be put under `key` for `expires_s` seconds.

        Length, type and SHA-256 are signed headers: S3 refuses a request that lacks or changes one
        (SignatureDoesNotMatch), and bytes that do not have this SHA-256 (BadDigest). The address ends with
        the credentials that signed it, if those end sooner. Raises UnavailableError.
        """
        checksum = base64.b64encode(sha256).decode()
        with translated("S3"):
            url = self._client().generate_presigned_url(
                "put_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ContentLength": size_bytes,
                    "ContentType": media_type,
                    "ChecksumSHA256": checksum,
                },
                ExpiresIn=expires_s,
            )
        headers = {
            "Content-Length": str(size_bytes),
            "Content-Type": media_type,
            "x-amz-checksum-sha256": checksum,
        }
        return UploadTarget(url, "PUT", headers, expires_s)

    def _chunks(self, key: str) -> Iterator[bytes]:
        with translated("S3"):
            body = self._client().get_object(Bucket=self._bucket, Key=key)["Body"]
            yield from body.iter_chunks(_CHUNK_BYTES)


def _whole_sha256(checksum: str | None) -> bytes | None:
    """S3's checksum of a whole object; one of several parts (`…-3`) says nothing of the whole."""
    try:
        return base64.b64decode(checksum, validate=True) if checksum else None
    except binascii.Error:
        return None
