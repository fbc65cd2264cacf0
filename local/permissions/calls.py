"""Which calls, as IAM sees them, an HTTP request to SQS, S3 or Secrets Manager is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from local.permissions.policy import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

_URL_SUFFIX = "amazonaws.com"  # of the aws partition
_S3_OBJECT = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
# What S3 keeps beside bytes: none of it is asked for, so none of it is told apart here.
_OTHER_THINGS = {"acl", "attributes", "legal-hold", "lifecycle", "location", "policy", "retention", "tagging"}
# What reading and writing needs of the key where bytes lie under one of the customer's.
_KEY_NEEDS = {
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
}


def target_of(headers: Mapping[str, str]) -> str | None:
    """The operation of a JSON protocol, `AmazonSQS.SendMessage`; None for S3's."""
    return headers.get("X-Amz-Target")


def calls_of(
    method: str, url: str, headers: Mapping[str, str], body: bytes, *, region: str, account: str
) -> list[Call]:
    """The calls that a request needs; `body` matters for what is not S3's, and for S3's list of deletions.

    A request that is not known becomes a call that no policy allows by accident: `unknown:…`.
    """
    target = target_of(headers)
    if target is not None:
        return [_json_call(target, body, region, account)]
    split = urlsplit(url)
    bucket, _, key = unquote(split.path).lstrip("/").partition("/")
    query = set(parse_qs(split.query, keep_blank_values=True))
    if not bucket:
        return [Call(f"unknown:S3 {method} /", "*")]
    if not key:
        return _bucket_calls(method, f"arn:aws:s3:::{bucket}", query, body)
    calls = [_object_call(method, f"arn:aws:s3:::{bucket}/{key}", query)]
    if source := headers.get("x-amz-copy-source"):
        calls.append(Call("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/')}"))
    return calls


def key_calls(call: Call, keys: Mapping[str, str], *, region: str) -> list[Call]:
    """What the caller also has to be allowed, where what it reads or writes lies under a key of KMS."""
    whole = call.resource.partition("/")[0]  # of an object: its bucket
    key = keys.get(whole) or keys.get(call.resource)
    service = call.action.partition(":")[0]
    via = (("kms:ViaService", f"{service}.{region}.{_URL_SUFFIX}"),)
    return [Call(action, key, via) for action in _KEY_NEEDS.get(call.action, ())] if key else []


def _json_call(target: str, body: bytes, region: str, account: str) -> Call:
    service, _, operation = target.partition(".")
    parameters = json.loads(body or b"{}")
    if service == "AmazonSQS":
        # IAM knows no batches: ten messages are sent by the right to send one
        queue = str(parameters.get("QueueUrl", "*")).rpartition("/")[2]
        return Call(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{region}:{account}:{queue}")
    if service == "secretsmanager":
        secret = str(parameters.get("SecretId", "*"))
        arn = f"arn:aws:secretsmanager:{region}:{account}:secret:{secret}"
        return Call(f"secretsmanager:{operation}", secret if secret.startswith("arn:") else arn)
    return Call(f"unknown:{target}", "*")


def _object_call(method: str, arn: str, query: set[str]) -> Call:
    if method == "POST" and {"uploads", "uploadId"} & query:
        return Call("s3:PutObject", arn)
    if _OTHER_THINGS & query or method not in _S3_OBJECT:
        return Call(f"unknown:S3 {method} {sorted(query)}", arn)
    return Call(f"s3:{_S3_OBJECT[method]}{'Version' if 'versionId' in query else ''}", arn)


def _bucket_calls(method: str, arn: str, query: set[str], body: bytes) -> list[Call]:
    if method == "POST" and "delete" in query:
        return [
            Call(f"s3:DeleteObject{'Version' if '<VersionId>' in listed else ''}", f"{arn}/{key}")
            for listed in re.findall(r"<Object>(.*?)</Object>", body.decode("utf-8"), re.DOTALL)
            for key in re.findall(r"<Key>(.*?)</Key>", listed, re.DOTALL)
        ]
    if method in {"GET", "HEAD"} and not _OTHER_THINGS & query:
        return [Call("s3:ListBucketVersions" if "versions" in query else "s3:ListBucket", arn)]
    return [Call(f"unknown:S3 {method} {sorted(query)}", arn)]
