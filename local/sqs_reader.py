"""SQS's two calls of an event source, signed by botocore's signer and sent from the event loop.

boto3's client takes a thread and some 2 ms of CPU for a call. On a machine where everything shares the cores
that is time which the functions do not get (bench/throughput.py).
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aiohttp
    from botocore.auth import SigV4Auth
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# A receive that hangs with a stopped emulator must not keep the source from the next one.
_CALL_S = 10.0
_CONNECT_S = 2.0


class SqsRefusedError(Exception):
    """SQS answered a call with an error; the message is its code."""


class SqsReader:
    """Receives and deletes. To be made, used and closed in one event loop."""

    def __init__(self, endpoint: str, *, region: str, credentials: tuple[str, str]) -> None:
        self._endpoint = endpoint
        self._region = region
        self._credentials = credentials
        self._signer: SigV4Auth | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Load what calls need, in a thread: it takes a moment."""
        import aiohttp

        self._signer = await asyncio.to_thread(_signer, self._credentials, self._region)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=_CALL_S, connect=_CONNECT_S),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close the connections; what is under way breaks off."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def receive(self, queue_url: str, most: int) -> list[MessageTypeDef]:
        """What is on the queue now, ten messages at most, as boto3's `receive_message` gives them.

        Raises SqsRefusedError, aiohttp.ClientError, TimeoutError, RuntimeError once closed.
        """
        fields = {
            "MaxNumberOfMessages": min(most, 10),
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
            "WaitTimeSeconds": 0,
        }
        answer = await self._call("ReceiveMessage", {"QueueUrl": queue_url, **fields})
        return [_message(each) for each in answer.get("Messages") or []]

    async def delete(self, queue_url: str, entries: Sequence[Mapping[str, str]]) -> list[str]:
        """Delete ten messages at most; why some of them were not. Raises as `receive` does."""
        answer = await self._call("DeleteMessageBatch", {"QueueUrl": queue_url, "Entries": entries})
        return [str(each.get("Message") or each.get("Code")) for each in answer.get("Failed") or []]

    async def _call(self, operation: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        from botocore.awsrequest import AWSRequest

        if self._session is None or self._signer is None:
            raise RuntimeError("the reader is closed")
        body = json.dumps(fields).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{operation}",
        }
        url = f"{self._endpoint}/"
        request = AWSRequest("POST", url, headers=headers, data=body)
        self._signer.add_auth(request)
        async with self._session.post(url, data=body, headers=dict(request.headers)) as response:
            content = await response.read()
            if response.status >= 300:
                raise SqsRefusedError(_code(content) or f"status {response.status}")
        answer: dict[str, Any] = json.loads(content)
        return answer


def _signer(credentials: tuple[str, str], region: str) -> SigV4Auth:
    from botocore.auth import SigV4Auth
    from botocore.credentials import Credentials

    return SigV4Auth(Credentials(*credentials), "sqs", region)


def _message(said: dict[str, Any]) -> MessageTypeDef:
    """Binary attributes are Base64 in the protocol, bytes in boto3."""
    for value in (said.get("MessageAttributes") or {}).values():
        if "BinaryValue" in value:
            value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
    message: Any = said
    found: MessageTypeDef = message
    return found


def _code(content: bytes) -> str:
    try:
        said = json.loads(content)
        return str(said["__type"]).rpartition("#")[2]
    except (ValueError, LookupError, TypeError):
        return ""
