"""The operator's commands that hand out all that is held of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from claimcheck.refusals import CommandRefused
from claimcheck.store.exporting import export_page
from claimcheck.store.tenants import tenant_exists
from claimcheck.usecases.ids import is_uuid
from claimcheck.usecases.operate import Command
from claimcheck.usecases.tenants import ForTenant, TenantId, no_such_tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database
    from claimcheck.usecases.ports import LinkedObjects

PAGE_CHARS = 900_000
"""In an answer: at six bytes a character it still fits the 6 MB that Lambda takes."""
LINK_S = 3_600

Kind = Literal["tenant", "keys", "events", "addresses", "documents", "jobs", "trails", "calls", "deliveries"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Page(BaseModel):
    """Where an export goes on, as the page before said."""

    model_config = ConfigDict(extra="forbid")

    tenant: TenantId
    kind: Kind = "tenant"
    after: Annotated[str, Field(max_length=64)] = ""
    skip: Annotated[int, Field(ge=0)] = 0
    stamp: Annotated[str, Field(max_length=32)] = ""


class Link(ForTenant):
    """An object in the bucket, by the key that a document's line names."""

    key: Annotated[str, Field(max_length=300, pattern=r"^(documents|texts)/[A-Za-z0-9_/-]+$")]


class Export:
    """`export.page` and `export.link`."""

    def __init__(self, database: Database, objects: LinkedObjects, *, page_chars: int = PAGE_CHARS) -> None:
        self._database = database
        self._objects = objects
        self._page_chars = page_chars

    def commands(self) -> dict[str, Command]:
        """By their names."""
        return {
            "export.page": Command(Page, self._page),
            "export.link": Command(Link, self._link),
        }

    def _page(self, asked: Page) -> Mapping[str, Any]:
        """Lines of one kind, the last one perhaps in part; `next` is null at the end of the last kind."""
        if not tenant_exists(self._database, asked.tenant):
            raise no_such_tenant(asked.tenant)
        if asked.after and asked.kind not in {"tenant", "keys"} and not is_uuid(asked.after):
            raise CommandRefused("arguments_invalid", "after: no page before has said this.")
        pieces = export_page(
            self._database,
            asked.tenant,
            asked.kind,
            after=asked.after,
            skip=asked.skip,
            stamp=asked.stamp,
            limit=self._page_chars,
        )
        answer = {
            "kind": asked.kind,
            "text": "".join(each.piece for each in pieces),
            "anew": pieces[0].anew if pieces else asked.skip > 0,
        }
        following: dict[str, Any] | None = None
        if pieces and sum(len(each.piece) for each in pieces) >= self._page_chars:
            last = pieces[-1]
            given = len(last.piece) + (asked.skip if len(pieces) == 1 and not last.anew else 0)
            following = {"kind": asked.kind, "after": last.id}
            if given < last.whole:
                before = pieces[-2].id if len(pieces) > 1 else asked.after
                following = {"kind": asked.kind, "after": before, "skip": given, "stamp": last.mark}
        elif asked.kind != KINDS[-1]:
            following = {"kind": KINDS[KINDS.index(asked.kind) + 1]}
        return {**answer, "next": following}

    def _link(self, asked: Link) -> Mapping[str, Any]:
        if asked.key.split("/")[1] != asked.tenant:
            raise CommandRefused("arguments_invalid", "key: not of this tenant.")
        url = self._objects.link(asked.key, media_type="application/octet-stream", expires_s=LINK_S)
        return {"url": url, "expires_s": LINK_S}
