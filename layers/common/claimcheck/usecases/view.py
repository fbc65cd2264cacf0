"""What is shown of one part of a document, and what answers about it are checked against."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from claimcheck.failures import JobFailure, RetryableFailure, UnavailableError
from claimcheck.usecases.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from claimcheck.documents.render import PageImage
    from claimcheck.parts import Part
    from claimcheck.tasks.source import Source
    from claimcheck.usecases.examination import Examination


class Render(Protocol):
    """Makes images of pages."""

    def __call__(self, pages: Sequence[int], /) -> Awaitable[list[PageImage]]:
        """Raises JobFailure or UnavailableError."""
        ...


class View:
    """Images are made when a question wants them, once. `part` loses the pages that cannot be shown.

    `shared`: the job has more questions about it.
    """

    def __init__(
        self,
        run: Examination,
        part: Part,
        source: Source,
        *,
        render: Render,
        ends: Callable[[JobFailure], bool],
        shared: bool,
    ) -> None:
        self.part = part
        self.source = source
        self.rendered = not part.image_pages
        self._run = run
        self._render = render
        self._ends = ends
        self.shared = shared
        self._images: list[PageImage] = []
        self._rendering = asyncio.Lock()

    def as_meant(self) -> Shown:
        """With all of its pages, none of them made."""
        text = self._run.document.text[self.part.shown : self.part.end]
        return Shown(text, self._run.job.document.name, self.part.image_pages)

    async def shown(self) -> Shown:
        """With its images. Raises JobFailure or UnavailableError where they may be made later."""
        async with self._rendering:
            if not self.rendered:
                self._images = await self._made(self.part.image_pages)
                self.part = replace(self.part, image_pages=tuple(image.page for image in self._images))
                self.rendered = True
        return replace(self.as_meant(), images=self._images)

    async def _made(self, pages: Sequence[int]) -> list[PageImage]:
        """Where one page of several cannot be made, each is by itself: it costs no other its place."""
        try:
            return await self._render(pages)
        except JobFailure as error:
            failure = error
        except UnavailableError as error:
            failure = RetryableFailure("storage_unavailable", str(error))
        if failure.retryable and not self._ends(failure):
            raise failure
        if len(pages) == 1:
            self._run.ledger.unseen[pages[0]] = failure.code
            return []
        return [image for page in pages for image in await self._made((page,))]
