# Made by toolchain/sync_client.py of asynchronous/connection.py. Do not edit.
"""Calls and uploads over HTTP: the thin shell around `calls`, `answers` and `retrying`."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from claimcheck.client import answers, jsontext, settings
from claimcheck.client.answers import Answer
from claimcheck.client.errors import StorageRefused, Unreachable
from claimcheck.client.retrying import DEFAULT, NEVER, Retries, Retrying
from claimcheck.client.synchronous.waiting import in_thread, sleep
from claimcheck.client.transfers import held_to, lost, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from claimcheck.client.calls import Call
    from claimcheck.client.models import Link, Original, UploadTarget
    from claimcheck.client.transfers import Source

T = TypeVar("T")


class Connection:
    """The API at `base_url`, with the rights of `key`: CLAIMCHECK_URL and CLAIMCHECK_KEY where not given.

    `timeout`: seconds for one request, or httpx's own; a wait for a job has its time on top. `retries` None
    never sends anything twice. `http`: a client of yours (proxies, certificates), which stays yours to close.
    """

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        timeout: float | httpx.Timeout | None = None,
        retries: Retries | None = DEFAULT,
        http: httpx.Client | None = None,
        sleep: Callable[[float], object] = sleep,
    ) -> None:
        self._address = settings.address(base_url, key)
        if timeout is not None:
            self._timeout = httpx.Timeout(timeout)
        else:
            self._timeout = settings.TIMEOUT if http is None else http.timeout
        self._retries = NEVER if retries is None else retries
        self._http = httpx.Client(timeout=self._timeout) if http is None else http
        self._is_ours = http is None
        self._sleep = sleep
        settings.keep_signatures_out_of_logs()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    @property
    def base_url(self) -> str:
        """The API's address."""
        return self._address.url

    def __enter__(self) -> Self:
        """Close the connections at the block's end."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they are of a client that was given."""
        if self._is_ours:
            self._http.close()

    def send(self, call: Call[T]) -> T:
        """What a call of `claimcheck.client.calls` is answered with. Raises ApiProblem, Unreachable."""
        answer = self.answer(call)
        return call.read(answer)

    def json(self, call: Call[Any]) -> Any:
        """The JSON of a call's answer as it came, numbers as they were written; a long result is fetched."""
        return self.resolved(self.send(call.as_json()))

    def resolved(self, said: Any) -> Any:
        """The JSON of a job as if its result had fitted the answer; anything else as it is."""
        link = said.get("result_link") if isinstance(said, dict) else None
        if not link:
            return said
        content = Answer(200, self._fetched(link), url="what the result's link leads to")
        rest = {name: value for name, value in said.items() if name != "result_link"}
        return {**rest, "result": answers.body(content, jsontext.loads)}

    def answer(self, call: Call[Any], *, within: float = math.inf) -> Answer:
        """The answer to a call, once it is a success or 304; no pause ends later than `within` seconds.

        Raises ApiProblem, Unreachable.
        """
        retries = replace(self._retries, total=min(self._retries.total, within))
        retrying = Retrying(
            retries, time.monotonic(), repeatable=call.repeatable, not_awaited=call.not_awaited
        )
        while True:
            outcome = self._once(call)
            pause = retrying.pause(outcome, time.monotonic(), datetime.now(UTC))
            if pause is None:
                break
            self._sleep(pause)
        if isinstance(outcome, Unreachable):
            raise outcome
        if not outcome.is_success:
            raise answers.problem(outcome)
        return outcome

    def _once(self, call: Call[Any]) -> Answer | Unreachable:
        url = self.base_url + call.path
        timeout = self._timeout
        if call.waits and timeout.read is not None:
            timeout = httpx.Timeout(
                timeout.read + call.waits, connect=timeout.connect, write=timeout.write, pool=timeout.pool
            )
        headers = {**self._address.headers(), **call.headers}
        asked: dict[str, Any] = {"params": call.params} if call.params else {}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
            asked["content"] = jsontext.written(call.body)
        try:
            answer = self._http.request(call.method, url, headers=headers, timeout=timeout, **asked)
        except httpx.HTTPError as error:
            return lost(error, self.base_url)
        said = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, answer.content, said, url)

    def put(self, target: UploadTarget, source: Source) -> None:
        """Put bytes where `upload` of a document says, without our key.

        Raises StorageRefused, Unreachable.
        """
        content = self._chunks(source)
        try:
            answer = self._http.request(
                target.method,
                target.url,
                headers=target.headers,
                content=content,
                timeout=settings.UPLOAD_TIMEOUT,
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"the upload was cut off ({type(error).__name__}): try again") from error
        if not answer.is_success:
            raise StorageRefused("upload", answer.status_code, answers.storage_code(answer.content))

    def fetch(self, link: Link | Original) -> bytes:
        """What a link of an answer leads to. Raises Damaged where it is not what the API said."""
        return self._fetched(link.model_dump())

    def _fetched(self, link: dict[str, Any]) -> bytes:
        if link["url"].startswith("data:"):
            return held_to(link.get("sha256"), within(link["url"]))
        try:
            answer = self._http.request("GET", link["url"], timeout=settings.UPLOAD_TIMEOUT)
        except httpx.HTTPError as error:
            raise Unreachable(f"the download was cut off ({type(error).__name__}): try again") from error
        if not answer.is_success:
            raise StorageRefused("download", answer.status_code, answers.storage_code(answer.content))
        return held_to(link.get("sha256"), answer.content)

    @staticmethod
    def _chunks(source: Source) -> Iterator[bytes]:
        source.rewind()
        while chunk := in_thread(source.next_chunk):
            yield chunk
            source.passed(len(chunk))
