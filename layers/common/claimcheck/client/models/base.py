"""What all answers have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An answer. Members that this client does not know are kept as attributes, and nothing can be set."""

    # Built when it is first read: a command needs a few of them, and starts for each call.
    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, defer_build=True)
