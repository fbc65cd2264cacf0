"""S3 as the place of documents: what is asked of it, and what is made of its answers."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from claimcheck.aws.objects import S3Objects
from claimcheck.documents.uploads import FoundObject
from claimcheck.failures import UnavailableError
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3.client import S3Client

CONTENT = bytes(range(256)) * 10_000  # more than one piece
DIGEST = hashlib.sha256(CONTENT).digest()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """A bucket behind the product's own client."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        from claimcheck.aws import clients

        client = clients.s3()
        client.create_bucket(Bucket="bucket")
        yield client


@pytest.fixture
def objects(s3: S3Client) -> S3Objects:
    """The adapter under test."""
    return S3Objects("bucket", connect=lambda: s3)


def test_what_is_put_is_checked_and_found(objects: S3Objects) -> None:
    """S3 gets the SHA-256 along, so that it knows it when it is asked."""
    objects.put("k", CONTENT, "text/plain")
    assert objects.look("k") == FoundObject(len(CONTENT), DIGEST)
    assert objects.get("k") == CONTENT


def test_bytes_are_fetched_into_a_file(objects: S3Objects) -> None:
    """Unchanged, with the SHA-256 of what came."""
    objects.put("k", CONTENT, "text/plain")
    file = io.BytesIO()
    assert objects.fetch_to("k", file) == DIGEST
    assert file.getvalue() == CONTENT
    assert objects.digest("k") == DIGEST


def test_what_is_not_there_is_none(objects: S3Objects) -> None:
    """To look for it is no fault; to want it is one."""
    assert objects.look("k") is None
    assert objects.find("k") is None
    with pytest.raises(UnavailableError, match="NoSuchKey"):
        objects.get("k")
    with pytest.raises(UnavailableError, match="NoSuchKey"):
        objects.fetch_to("k", io.BytesIO())


@pytest.mark.parametrize("checksum", [None, f"{base64.b64encode(DIGEST).decode()}-3"])
def test_bytes_that_nobody_checked_have_no_digest(checksum: str | None) -> None:
    """Nor have those of several parts, whose checksum is none of the whole."""

    class Bucket:
        def head_object(self, **asked: Any) -> Any:
            assert asked == {"Bucket": "bucket", "Key": "k", "ChecksumMode": "ENABLED"}
            return {"ContentLength": 3, **({"ChecksumSHA256": checksum} if checksum else {})}

    client: Any = Bucket()
    assert S3Objects("bucket", connect=lambda: client).look("k") == FoundObject(3, None)


def test_an_upload_is_bound_to_its_bytes(objects: S3Objects) -> None:
    """Signed after version 4 over length, type and SHA-256, without asking anybody."""
    target = objects.upload_target(
        "documents/acme/ff", media_type="text/plain", size_bytes=12, sha256=DIGEST, expires_s=60
    )
    parts = urlsplit(target.url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/bucket/documents/acme/ff"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-SignedHeaders"] == "content-length;content-type;host;x-amz-checksum-sha256"
    assert (query["X-Amz-Expires"], target.expires_s, target.method) == ("60", 60, "PUT")
    assert target.headers == {
        "Content-Length": "12",
        "Content-Type": "text/plain",
        "x-amz-checksum-sha256": base64.b64encode(DIGEST).decode(),
    }


def test_who_may_not_list_is_told_nothing(s3: S3Client) -> None:
    """S3 answers 403 for a key that is not there: to `find` that is nothing; a lost bucket is a fault."""
    from botocore.stub import Stubber

    objects = S3Objects("bucket", connect=lambda: s3)
    with Stubber(s3) as stub:
        stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
        assert objects.find("k") is None
    with pytest.raises(UnavailableError, match="NoSuchBucket"):
        S3Objects("another", connect=lambda: s3).find("k")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1"])
@pytest.mark.parametrize("dual_stack", ["true", "false"])
def test_links_are_below_the_address(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch, region: str, dual_stack: str
) -> None:
    """Links to fetch and to upload, in any region: a page's policy allows them by it."""
    from claimcheck.aws import clients

    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", dual_stack)
    import boto3

    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    objects = S3Objects("bucket", connect=clients.s3)
    address = objects.address()
    assert address.startswith("https://s3")
    assert address.endswith("/bucket/")
    link = objects.link("documents/a/b", media_type="text/plain", expires_s=60)
    target = objects.upload_target(
        "documents/a/b", media_type="text/plain", size_bytes=1, sha256=DIGEST, expires_s=60
    )
    assert link.startswith(f"{address}documents/a/b?")
    assert target.url.startswith(f"{address}documents/a/b?")
