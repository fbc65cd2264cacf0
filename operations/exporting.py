"""`claimcheck export`: everything that is held of a tenant, into a directory; it goes on where it was."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path  # noqa: TC003 (typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operations.invoking import Refusal, one_line_errors, reach
from operations.options import DEFAULT_DATA, Data, Region, Stack, Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Asked = Callable[..., dict[str, Any]]

_STATE = "export.json"


def export(
    *,
    tenant: Tenant,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where it is written, a file a kind.")],
    with_bytes: Annotated[
        bool, typer.Option("--bytes", help="The documents as they were handed in, too.")
    ] = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Write all that is held of a tenant as JSON Lines; run again after an interruption, it goes on."""
    with one_line_errors():
        asked = partial(reach(stack, region, data), tenant=tenant)
        written = Written(to, tenant)
        written.lines(asked)
        files = written.objects(asked, with_bytes=with_bytes)
        typer.echo(f"{tenant}: {written.size} bytes in {to}, and {files} texts and documents of their own")


class Written:
    """What is in the directory so far. `export.json` says how much of it counts, and where it goes on."""

    def __init__(self, directory: Path, tenant: str) -> None:
        self._directory = directory
        self._state: dict[str, Any] = {"tenant": tenant, "next": {}, "sizes": {}, "line": 0}
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = directory / _STATE
        if known.exists():
            self._state = json.loads(known.read_text(encoding="utf-8"))
            if self._state["tenant"] != tenant:
                raise Refusal("arguments_invalid", f"{directory} holds an export of {self._state['tenant']}")
            for path in directory.glob("*.jsonl"):  # what an interrupted run wrote beyond the state
                os.truncate(path, self._state["sizes"].get(path.stem, 0))
        elif any(directory.iterdir()):
            raise Refusal(
                "arguments_invalid", f"{directory} is not empty, and holds no export that was begun"
            )

    @property
    def size(self) -> int:
        """Bytes of all lines."""
        return sum(self._state["sizes"].values())

    def lines(self, asked: Asked) -> None:
        """Page after page: each is written before the state says so, and none is asked for twice."""
        while self._state["next"] is not None:
            page = asked("export.page", **self._state["next"])
            self._append(page)
            self._state["next"] = page["next"]
            self._save()

    def _append(self, page: dict[str, Any]) -> None:
        """At the end of what counts; a line that begins anew takes its own place."""
        kind, sizes = page["kind"], self._state["sizes"]
        kept = self._state["line"] if page["anew"] else sizes.get(kind, 0)
        text = page["text"].encode()
        path = self._directory / f"{kind}.jsonl"
        with open(path, "r+b" if path.exists() else "w+b") as file:  # noqa: PTH123 (the mode is a choice)
            file.truncate(kept)
            file.seek(kept)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sizes[kind] = kept + len(text)
        if not page["next"] or page["next"]["kind"] != kind:
            self._state["line"] = 0
        elif b"\n" in text:  # where a line begins that is not whole yet
            self._state["line"] = kept + text.rindex(b"\n") + 1

    def _save(self) -> None:
        new = self._directory / f"{_STATE}.new"
        new.write_text(json.dumps(self._state), encoding="utf-8")
        new.replace(self._directory / _STATE)

    def objects(self, asked: Asked, *, with_bytes: bool) -> int:
        """Texts that are too long for a line, and documents that lie in the bucket; how many.

        One that is not given, since it was deleted meanwhile perhaps, does not keep the others away. Raises
        Refusal at the end, where there was one.
        """
        fetched, missing = 0, []
        for document in self._documents():
            wanted = {"texts": document.get("text_key")}
            if with_bytes:
                wanted["bytes"] = document.get("object_key")
            for folder, key in wanted.items():
                if key is None:
                    continue
                if _fetch(self._directory / folder / str(document["document_id"]), key, asked):
                    fetched += 1
                else:
                    missing.append(f"{folder}/{document['document_id']}")
        if missing:
            raise Refusal(
                "storage_refused",
                f"all is written but {', '.join(missing[:5])}{' and others' if missing[5:] else ''}: the "
                f"storage did not give {len(missing)}, which may have been deleted meanwhile",
            )
        return fetched

    def _documents(self) -> Iterator[dict[str, Any]]:
        path = self._directory / "documents.jsonl"
        if path.exists():
            with path.open(encoding="utf-8") as file:
                for line in file:
                    yield json.loads(line)


def _fetch(path: Path, key: str, asked: Asked) -> bool:
    """Piece by piece, under its name when it is whole. False where the storage does not give it: what is not
    there it calls forbidden."""
    from shutil import copyfileobj
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    if path.exists():
        return True
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    url = asked("export.link", key=key)["url"]
    try:
        with urlopen(url, timeout=60) as answer, part.open("wb") as file:  # noqa: S310 (our own function's)
            copyfileobj(answer, file)
    except HTTPError as error:
        error.close()
        if error.code not in {403, 404}:
            raise Refusal("storage_refused", f"the storage did not give {key} ({error.code})") from None
        return False
    except URLError as error:
        raise Refusal("storage_refused", f"the storage did not give {key} ({error.reason})") from None
    part.replace(path)
    return True
