"""SQS's two sending calls: signed by botocore's signer, sent by its HTTP session, without its client.

The client knows every service by data files and hooks: making it takes longer than all else that submit does
at its start, and it doubles what a call costs (docs/decisions/0170, `claimcheck-bench ticket`).
"""

from __future__ import annotations

import json
import os
import random
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSResponse
    from botocore.credentials import Credentials

    from claimcheck.aws.clients import Budget

_AGAIN = frozenset({"RequestThrottled", "ThrottlingException", "KmsThrottled", "RequestTimeout"})


@dataclass(frozen=True, slots=True)
class _Keys:
    """What Lambda puts into the environment, for as long as that lives."""

    access_key: str
    secret_key: str
    token: str | None


class SqsSender:
    """Sends within a budget. Its methods are named, and take and give what boto3's client does.

    They raise botocore's ClientError and BotoCoreError. Calls go to where the queue's URL leads, or to the
    endpoint that the environment names, as boto3's do.
    """

    def __init__(self, budget: Budget, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Raises NoRegionError, NoCredentialsError (BotoCoreError)."""
        from botocore.exceptions import NoRegionError

        self._budget = budget
        self._sleep = sleep
        self._region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
        if not self._region:
            raise NoRegionError
        self._credentials: Any = _credentials()  # whatever has keys and a token, says the signer
        self._session: Any = None

    def send_message(self, *, QueueUrl: str, **fields: Any) -> dict[str, Any]:  # noqa: N803 (SQS's name)
        """SendMessage."""
        return self._call("SendMessage", QueueUrl, fields)

    def send_message_batch(self, *, QueueUrl: str, **fields: Any) -> dict[str, Any]:  # noqa: N803 (SQS's name)
        """SendMessageBatch; what SQS took out of it is under `Failed`."""
        return self._call("SendMessageBatch", QueueUrl, fields)

    def _call(self, operation: str, queue_url: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Within the budget's attempts: a second one follows within a second (botocore's standard mode)."""
        from botocore.exceptions import ClientError, HTTPClientError

        for left in reversed(range(self._budget.attempts)):
            try:
                return self._once(operation, queue_url, fields)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                again = status >= 500 or error.response["Error"]["Code"] in _AGAIN
                if not left or not again:
                    raise
            except HTTPClientError:
                if not left:
                    raise
            self._sleep(random.random())  # noqa: S311 (no secret)
        raise AssertionError("the last attempt has returned or raised")

    def _once(self, operation: str, queue_url: str, fields: dict[str, Any]) -> dict[str, Any]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(
            "POST",
            self._address(queue_url),
            headers={
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": f"AmazonSQS.{operation}",
                "User-Agent": "claimcheck",
            },
            data=json.dumps({"QueueUrl": queue_url, **fields}).encode(),
        )
        SigV4Auth(self._credentials, "sqs", self._region).add_auth(request)
        answer = self._open(self._address(queue_url)).send(request.prepare())
        if answer.status_code >= 300:
            raise _refused(answer, operation)
        taken: dict[str, Any] = json.loads(answer.content)
        return taken

    def _address(self, queue_url: str) -> str:
        named = os.environ.get("AWS_ENDPOINT_URL_SQS") or os.environ.get("AWS_ENDPOINT_URL")
        scheme, host, *_ = urlsplit(named or queue_url)
        return f"{scheme}://{host}/"

    def _open(self, url: str) -> Any:
        if self._session is None:
            from botocore.httpsession import URLLib3Session

            make: Any = URLLib3Session  # its stubs know less than it takes
            self._session = make(
                verify=os.environ.get("AWS_CA_BUNDLE") or True,
                proxies=_proxies(url),
                timeout=(self._budget.connect_s, self._budget.read_s),
                socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            )
        return self._session


def _credentials() -> _Keys | Credentials:
    """Lambda's own from the environment; else botocore's chain, as under SnapStart, which renews them."""
    environ = os.environ
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        token = environ.get("AWS_SESSION_TOKEN") or None
        return _Keys(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], token)
    import botocore.session
    from botocore.exceptions import NoCredentialsError

    found: Credentials | None = botocore.session.get_session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found


def _proxies(url: str) -> dict[str, str]:
    """The environment's for this address; finding out that there are none costs no import."""
    if not any(name.lower() in {"https_proxy", "http_proxy", "all_proxy"} for name in os.environ):
        return {}
    from botocore.utils import get_environ_proxies

    proxies: dict[str, str] = get_environ_proxies(url)
    return proxies


def _refused(answer: AWSResponse, operation: str) -> Exception:
    """By the code that SQS has always had where it is given (`AWS.SimpleQueueService.…`), as in botocore."""
    from botocore.exceptions import ClientError

    code = str(answer.headers.get("x-amzn-query-error") or "").partition(";")[0]
    try:
        said = json.loads(answer.content)
        code = code or str(said["__type"]).rpartition("#")[2]
    except (ValueError, LookupError, TypeError):
        code = code or str(answer.status_code)
    response: Any = {
        "Error": {"Code": code, "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": answer.status_code},
    }
    return ClientError(response, operation)
