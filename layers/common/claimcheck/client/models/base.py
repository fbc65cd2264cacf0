"""What all answers have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An answer. Members that this client does not know are kept as attributes, and nothing can be set."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
