"""A request of the Messages API: checked as the API checks it, and what of it an answer needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.offline import limits
from local.offline.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PARAMETERS = frozenset(
    ["model", "messages", "max_tokens", "system", "stream", "output_config", "metadata",
        "stop_sequences", "temperature", "top_k", "top_p", "thinking", "tools", "tool_choice",
        "service_tier", "cache_control", "container", "diagnostics", "inference_geo", "speed",
        "user_profile_id", "workspace_id"]
)  # fmt: skip
_BLOCKS = (
    "document",
    "image",
    "redacted_thinking",
    "search_result",
    "text",
    "thinking",
    "tool_result",
    "tool_use",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the document's text, the instruction after it, and how to answer."""

    model: str
    max_tokens: int
    stream: bool
    document: str
    instruction: str
    schema: Mapping[str, Any] | None
    blocks: tuple[Mapping[str, Any], ...]  # all content in the order of a cache prefix


def parse(body: object, *, counting: bool = False) -> Asked:
    """The request, or the ApiError that the API answers it with. `counting`: for `count_tokens`."""
    if not isinstance(body, dict):
        raise ApiError(400, "Input should be a valid dictionary")
    _check_parameters(body, counting=counting)
    for key in sorted(set(body) - _PARAMETERS):
        raise ApiError(400, f"{key}: Extra inputs are not permitted")
    blocks = [*_system(body.get("system")), *_messages(body["messages"])]
    if body.get("cache_control") is not None and blocks:
        blocks[-1] = {**blocks[-1], "cache_control": body["cache_control"]}
    _check_breakpoints(blocks)
    schema = _schema(body.get("output_config"), blocks)
    texts = [str(b["text"]) for b in blocks if b.get("type") == "text" and not b.get("system")]
    return Asked(
        model=body["model"],
        max_tokens=body.get("max_tokens", 0),
        stream=body.get("stream") is True,
        document="\n\n".join(t for t in map(_document_text, blocks) if t),
        instruction=texts[-1] if texts else "",
        schema=schema,
        blocks=tuple(blocks),
    )


def _check_parameters(body: Mapping[str, Any], *, counting: bool) -> None:
    for key in ("max_tokens", "messages", "model"):
        if key not in body and not (counting and key == "max_tokens"):
            raise ApiError(400, f"{key}: Field required")
    if not isinstance(body["model"], str):
        raise ApiError(400, "model: Input should be a valid string")
    if body["model"] != "offline" and not body["model"].startswith("claude-"):
        raise ApiError(404, f"model: {body['model']}")
    limit = body.get("max_tokens", 0)
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise ApiError(400, "max_tokens: Input should be a valid integer")
    if limit < 0:
        raise ApiError(400, "max_tokens: Input should be greater than or equal to 0")
    if not isinstance(body["messages"], list):
        raise ApiError(400, "messages: Input should be a valid list")
    if not body["messages"]:
        raise ApiError(400, "messages: at least one message is required")


def _system(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, str):
        yield {"type": "text", "text": value, "system": True}
    elif isinstance(value, list):
        for index, block in enumerate(value):
            if (
                not isinstance(block, dict)
                or block.get("type") != "text"
                or not isinstance(block.get("text"), str)
            ):
                raise ApiError(400, f"system.{index}: Input should be a text block")
            yield {**block, "system": True}
    elif value is not None:
        raise ApiError(400, "system: Input should be a valid string or list of text blocks")


def _messages(messages: list[Any]) -> Iterator[dict[str, Any]]:
    for index, turn in enumerate(messages):
        where = f"messages.{index}"
        if not isinstance(turn, dict):
            raise ApiError(400, f"{where}: Input should be a valid dictionary")
        if turn.get("role") not in {"user", "assistant"}:
            raise ApiError(400, f"{where}.role: Input should be 'user' or 'assistant'")
        content = turn.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(content, list):
            raise ApiError(400, f"{where}.content: Field required")
        for number, block in enumerate(content):
            yield _block(block, f"{where}.content.{number}")
    if messages[-1].get("role") == "assistant":
        raise ApiError(
            400,
            "This model does not support assistant message prefill; end with a user message.",
        )


def _block(block: object, where: str) -> dict[str, Any]:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(block, dict) or kind not in _BLOCKS:
        expected = ", ".join(f"'{b}'" for b in _BLOCKS)
        raise ApiError(
            400,
            f"{where}: Input tag '{kind}' found using 'type' does not match any of: {expected}",
        )
    if kind == "text":
        if not isinstance(block.get("text"), str):
            raise ApiError(400, f"{where}.text.text: Field required")
        if not block["text"]:
            raise ApiError(400, "messages: text content blocks must be non-empty")
    if kind in {"document", "image"}:
        _check_source(block, f"{where}.{kind}.source")
    return block


def _check_source(block: Mapping[str, Any], where: str) -> None:
    source = block.get("source")
    if not isinstance(source, dict):
        raise ApiError(400, f"{where}: Field required")
    kind, media = source.get("type"), source.get("media_type")
    if kind == "content" and block["type"] == "document":
        return
    if kind not in {"base64", "text"} or (kind == "text" and block["type"] == "image"):
        raise ApiError(
            400, f"{where}: the offline model takes no source of type '{kind}'; it fetches nothing"
        )
    if not isinstance(source.get("data"), str):
        raise ApiError(400, f"{where}.{kind}.data: Field required")
    expected = (
        "text/plain" if kind == "text" else "application/pdf" if block["type"] == "document" else str(media)
    )
    if media != expected or (block["type"] == "image" and not expected.startswith("image/")):
        raise ApiError(400, f"{where}.{kind}.media_type: Input should be '{expected}'")
    if not source["data"]:
        raise ApiError(400, f"{where}.{kind}.data: document must be non-empty")


def _check_breakpoints(blocks: list[dict[str, Any]]) -> None:
    marked = [b for b in blocks if b.get("cache_control") is not None]
    if len(marked) > 4:
        raise ApiError(400, f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}.")
    for block in marked:
        control = block["cache_control"]
        known = (
            isinstance(control, dict)
            and control.get("type") == "ephemeral"
            and control.get("ttl", "5m") in {"5m", "1h"}
        )
        if not known:
            raise ApiError(400, "cache_control: Input should be {'type': 'ephemeral'} with ttl '5m' or '1h'")


def _schema(config: object, blocks: list[dict[str, Any]]) -> Mapping[str, Any] | None:
    chosen = config.get("format") if isinstance(config, dict) else None
    if config is not None and not isinstance(config, dict):
        raise ApiError(400, "output_config: Input should be a valid dictionary")
    if chosen is None:
        return None
    if not isinstance(chosen, dict) or chosen.get("type") != "json_schema":
        raise ApiError(400, "output_config.format.type: Input should be 'json_schema'")
    if "schema" not in chosen:
        raise ApiError(400, "output_config.format.schema: Field required")
    if any((b.get("citations") or {}).get("enabled") for b in blocks):
        raise ApiError(400, "output_config.format: citations cannot be used with structured output")
    limits.check(chosen["schema"])
    schema: Mapping[str, Any] = chosen["schema"]
    return schema


def _document_text(block: Mapping[str, Any]) -> str:
    """The text of a document block; a PDF or an image has none that can be read here."""
    source = block.get("source")
    if block.get("type") != "document" or not isinstance(source, dict):
        return ""
    if source["type"] == "text":
        return str(source["data"])
    content = source.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n\n".join(str(p.get("text")) for p in parts if isinstance(p, dict) and p.get("type") == "text")
