"""The bodies that name a webhook address and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError, ValidationInfo, field_validator

from claimcheck.tasks.requests import StrictModel, checked_webhook
from claimcheck.tasks.submission import checked_object, refused
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS

if TYPE_CHECKING:
    from claimcheck.webhooks.endpoint import Rules


class AddressRequest(StrictModel):
    """`POST /webhook-test`. Validation context: as `JobRequest`."""

    url: str

    @field_validator("url")
    @classmethod
    def _postable(cls, url: str, info: ValidationInfo) -> str:
        return checked_webhook(url, info)


class KnownAddressRequest(StrictModel):
    """`POST /webhook-addresses/enable`: an address as the list shows it."""

    url: str


def parse_address(body: bytes, rules: Rules = PUBLIC_HTTPS) -> str:
    """The address that a sample goes to. Raises InvalidRequest, with a pointer to what is wrong."""
    value = checked_object(body)
    try:
        return AddressRequest.model_validate(value, context={"webhook_rules": rules}).url
    except ValidationError as error:
        raise refused(error) from None


def parse_known_address(body: bytes) -> str:
    """An address that was accepted before. Raises InvalidRequest, with a pointer to what is wrong."""
    try:
        return KnownAddressRequest.model_validate(checked_object(body)).url
    except ValidationError as error:
        raise refused(error) from None
