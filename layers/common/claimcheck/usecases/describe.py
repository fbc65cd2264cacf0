"""`GET /openapi.json`: the API's document with the limits of this deployment."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.settings import OpenapiSettings


@dataclass(frozen=True, slots=True)
class Described:
    """The document as JSON text; `version` is another one for every other text."""

    body: str
    version: str


class Describe:
    """Made once an environment for each address that the API is served at."""

    def __init__(self, document: str, settings: OpenapiSettings) -> None:
        self._document = document
        self._settings = settings
        self._made: dict[str, Described] = {}

    def __call__(self, base: str) -> Described:
        """The document; `base` is the path below which the API is served, without a slash at its end."""
        if base not in self._made:
            self._made[base] = self._describe(base)
        return self._made[base]

    def _describe(self, base: str) -> Described:
        document = json.loads(self._document)
        document["servers"][0]["url"] = base or "/"
        upload = document["components"]["schemas"]["UploadRequest"]["properties"]["bytes"]
        upload["maximum"] = self._settings.max_upload_bytes
        document["info"]["x-max-body-bytes"] = self._settings.max_body_bytes
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return Described(body, hashlib.sha256(body.encode()).hexdigest()[:32])
