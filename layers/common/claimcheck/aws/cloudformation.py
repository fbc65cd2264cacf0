"""CloudFormation's custom resources: an answer is put to the address that the request names."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIMEOUT_S = 10
_PAUSES_S = (1.0, 3.0, 6.0)


class CloudFormationAnswers:
    """Puts answers. The address is a credential, and is neither logged nor told."""

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        """Put an answer, four times at most. Raises UnavailableError."""
        for pause_s in _PAUSES_S:
            try:
                _put(url, answer)
            except UnavailableError as error:
                logger().warning("CloudFormation was not answered", extra={"reason": str(error)})
                self._sleep(pause_s)
            else:
                return
        _put(url, answer)


def _put(url: str, answer: Mapping[str, Any]) -> None:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    # No media type: the address may be signed without one.
    request = Request(url, json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT")  # noqa: S310
    try:
        with urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310 -- CloudFormation's own address
            pass
    except HTTPError as error:
        raise UnavailableError(f"CloudFormation's bucket answered {error.code}") from None
    except OSError as error:
        raise UnavailableError(f"CloudFormation's bucket is not reached ({type(error).__name__})") from None
