"""`POST /documents` and `GET /documents/{document_id}`: bytes that go straight to the bucket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.refusals import DocumentNotFoundError, FieldError, PurgedError
from claimcheck.store.faults import OBJECT_LEAVING, ConstraintError
from claimcheck.store.uploads import Announcement, announce_document, find_document
from claimcheck.tasks.submission import fields_invalid
from claimcheck.tasks.upload import parse_upload
from claimcheck.telemetry import count, metrics
from claimcheck.usecases.ids import is_uuid

if TYPE_CHECKING:
    from claimcheck.settings import DocumentsSettings
    from claimcheck.store.connection import Database
    from claimcheck.store.uploads import Announced, DocumentView
    from claimcheck.usecases.ports import UploadTargets


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document as JSON text. `made`: by this call."""

    document_id: str
    body: str
    made: bool = False


class Announce:
    """Documents before their bytes are here: nothing of them passes through us."""

    def __init__(self, database: Database, targets: UploadTargets, settings: DocumentsSettings) -> None:
        self._database = database
        self._targets = targets
        self._settings = settings

    def post(self, tenant_id: str, body: bytes, *, base: str = "") -> ShownDocument:
        """Announce a document; the answer says where its bytes go, unless they are here already.

        Raises InvalidRequest, DocumentOverLimitError, StoreError, UnavailableError.
        """
        wanted = parse_upload(body, max_bytes=self._settings.max_upload_bytes)
        announcement = Announcement(
            wanted.name, wanted.media_type, wanted.size_bytes, bytes.fromhex(wanted.sha256)
        )
        wait_s = self._settings.upload_wait_s
        found = self._announced(tenant_id, announcement, wait_s)
        if found.stored and found.stored_bytes != wanted.size_bytes:
            detail = f"does not fit sha256: the bytes with this SHA-256 are {found.stored_bytes}"
            raise fields_invalid([FieldError("/bytes", detail)])
        if found.document_id is None:
            raise RuntimeError("a document that could be announced has no id")
        count(metrics.DOCUMENTS_ANNOUNCED if found.made else metrics.DOCUMENTS_KNOWN)
        return self._shown(self._view(tenant_id, found.document_id, base), found.document_id, made=found.made)

    def _announced(self, tenant_id: str, announcement: Announcement, wait_s: float) -> Announced:
        """What is deleted from the bucket at this moment must not be put there: a little later it may."""
        try:
            return announce_document(
                self._database,
                tenant_id,
                announcement,
                upload_wait_s=wait_s,
                document_bytes=self._settings.limit_document_bytes,
            )
        except ConstraintError as error:
            if error.constraint != OBJECT_LEAVING:
                raise
            raise UnavailableError("the same bytes are being deleted at this moment") from error

    def get(self, tenant_id: str, document_id: str, *, base: str = "") -> ShownDocument:
        """A document, with an address for its bytes while they are awaited.

        Raises DocumentNotFoundError, PurgedError, StoreError, UnavailableError.
        """
        return self._shown(self._view(tenant_id, document_id, base), document_id)

    def _view(self, tenant_id: str, document_id: str, base: str) -> DocumentView:
        view = None
        if is_uuid(document_id):
            view = find_document(self._database, tenant_id, document_id, base=base)
        if view is None:
            raise DocumentNotFoundError
        if view.purged_at is not None:
            raise PurgedError("document", document_id, view.purged_at)
        return view

    def _shown(self, view: DocumentView, document_id: str, *, made: bool = False) -> ShownDocument:
        body = {**view.body, "upload": self._upload(view)}
        return ShownDocument(document_id, json.dumps(body, ensure_ascii=False), made)

    def _upload(self, view: DocumentView) -> dict[str, Any] | None:
        if view.status != "waiting" or view.object_key is None:
            return None
        target = self._targets.upload_target(
            view.object_key,
            media_type=view.media_type,
            size_bytes=view.size_bytes,
            sha256=view.sha256,
            expires_s=self._settings.upload_url_s,
        )
        expires_at = datetime.now(UTC) + timedelta(seconds=target.expires_s)
        return {
            "url": target.url,
            "method": target.method,
            "headers": dict(target.headers),
            "expires_at": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
