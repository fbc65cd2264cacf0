"""A deployment puts the pages' files where every version finds them, before a page of it names them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from claimcheck.telemetry import logger, places_of
from claimcheck.usecases.site import MEDIA_TYPES, MOST_BYTES, PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from claimcheck.usecases.ports import Answers

_ID = "site"  # for ever: another one would have CloudFormation delete the first
_MOST_CHARS = 900


class Shelf(Protocol):
    """Where the files are put."""

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store `content` under `key`. Raises UnavailableError."""
        ...

    def remove(self, prefix: str) -> int:
        """Delete everything whose key begins with `prefix`; how much. Raises UnavailableError."""
        ...


class Publish:
    """Answers CloudFormation's custom resource. Files of earlier versions stay: pages out there name them."""

    def __init__(self, folder: Path, shelf: Shelf, answers: Answers) -> None:
        self._folder = folder
        self._shelf = shelf
        self._answers = answers

    def __call__(self, request: Mapping[str, Any]) -> None:
        """Carry out one request and answer it. Raises UnavailableError where that is not heard."""
        files, status = 0, "SUCCESS"
        try:
            if request["RequestType"] == "Delete":  # of the stack: a bucket goes when it is empty
                reason = f"{self._shelf.remove('')} files are deleted."
            else:
                files = self._published()
                reason = f"{files} files are there." if files else "No pages were built: they answer 503."
        except Exception as error:  # noqa: BLE001 -- whatever it is, CloudFormation must not wait for it
            logger().error("pages not published", extra={"error": places_of(error)})
            status, reason = "FAILED", f"The pages' files could not be stored ({type(error).__name__})."
        ids = {name: request[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        answer = {
            **ids,
            "Status": status,
            "Reason": reason[:_MOST_CHARS],
            "PhysicalResourceId": request.get("PhysicalResourceId", _ID),
            "Data": {"Files": files},
        }
        self._answers.send(str(request["ResponseURL"]), answer)
        logger().info("answered", extra={**ids, "status": status, "reason": reason})

    def _published(self) -> int:
        files = 0
        for key, path, media_type in self._files():
            content = path.read_bytes()
            if len(json.dumps(content.decode("utf-8"))) > MOST_BYTES:
                raise ValueError(f"{path.name} is too long to be served")
            self._shelf.put(key, content, media_type)
            files += 1
        return files

    def _files(self) -> Iterator[tuple[str, Path, str]]:
        """Key, place and type of each file beside a page."""
        for name in PAGES:
            for path in sorted((self._folder / name / "assets").glob("*")):
                media_type = MEDIA_TYPES.get(path.name.rpartition(".")[2])
                if media_type is None:
                    raise ValueError(f"{path.name} is no text that can be served")
                yield f"{name}/assets/{path.name}", path, media_type
