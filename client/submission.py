"""Files and flags as the body of a submission."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.client import jsontext, requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from client.shapes import Json


class Unusable(Exception):  # noqa: N818 - says what is the case
    """What was given cannot be submitted; the message is one line and says what to do."""


def document(name: str, content: bytes) -> Json:
    """A document as a request takes it: plain text as text, the rest as base64. Raises Unusable."""
    if not content.strip():
        raise Unusable(f"{name} is empty: give a file that has something in it")
    return requests.inline(requests.Bytes(content, name))


def extraction(names: Sequence[str], file: str | None) -> Json:
    """What to extract: names, a JSON list of fields, or a JSON Schema."""
    fields: list[Any] = list(names)
    if file is not None:
        written = _json(file)
        if isinstance(written, dict):
            if fields:
                raise Unusable(f"{file} holds a JSON Schema, which stands alone: leave out --field")
            return {"schema": written}
        if not isinstance(written, list):
            raise Unusable(f"{file} must hold a JSON list of fields or a JSON Schema")
        fields += written
    if not fields:
        raise Unusable("extract needs to know what: give --field NAME or --fields FILE.json")
    return {"fields": fields}


def criteria(texts: Sequence[str], file: str | None) -> Json:
    """What to evaluate: criteria as texts, and those in a JSON list or in a text file, one a line."""
    asked: list[Any] = list(texts)
    if file is not None:
        if file.endswith(".json"):
            written = _json(file)
            if not isinstance(written, list):
                raise Unusable(f"{file} must hold a JSON list of criteria")
            asked += written
        else:
            asked += [line.strip() for line in _text(file).splitlines() if line.strip()]
    if not asked:
        raise Unusable("evaluate needs to know what: give --criterion TEXT or --criteria FILE")
    return {"criteria": asked}


def urgency(priority: str | None, economy_fallback: str | None) -> Json:
    """How soon, and what follows when that is not soon enough; only what was given. Raises Unusable."""
    if economy_fallback is not None and priority != "economy":
        raise Unusable("--economy-fallback goes with --priority economy")
    given = {"priority": priority, "economy_fallback": economy_fallback}
    return {name: str(value) for name, value in given.items() if value is not None}


def schema(file: str) -> Json:
    """What to extract, as a JSON Schema in a file. Raises Unusable."""
    return {"schema": json_object(file)}


def check(body: Json) -> None:
    """Raises Unusable where a body cannot be written as JSON: NaN, or bytes that are no text."""
    try:
        jsontext.written(body)
    except ValueError:
        raise Unusable(
            "what is asked holds NaN, an infinity or bytes that are no UTF-8: leave it out"
        ) from None


def metadata(given: Sequence[str]) -> Json:
    """NAME=VALUE each; a value that is JSON is taken as such, any other as text. Raises Unusable."""
    made: Json = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise Unusable(f"--metadata {each}: write it as NAME=VALUE")
        try:
            made[name] = jsontext.loads(value)
        except ValueError:
            made[name] = value
    return {"metadata": made} if made else {}


def names_of(body: Json) -> list[str]:
    """The names of the fields that a body asks for, in their order; none where it asks for no fields."""
    schema = body.get("schema")
    if isinstance(schema, dict):
        return list(schema.get("properties") or {})
    return [
        str(each.get("name")) if isinstance(each, dict) else str(each) for each in body.get("fields") or []
    ]


def json_object(file: str) -> Json:
    """The JSON object in `file`, its numbers as they were written."""
    written = _json(file)
    if not isinstance(written, dict):
        raise Unusable(f"{file} must hold a JSON object")
    return written


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Unusable(f"cannot read {file}: {error.strerror or error}") from error


def _text(file: str) -> str:
    try:
        return _read(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"{file} is not UTF-8 text: save it as UTF-8") from error


def _json(file: str) -> Any:
    try:
        return jsontext.loads(_text(file))
    except ValueError as error:
        raise Unusable(f"{file} is not JSON: {error}") from error
