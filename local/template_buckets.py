"""What the buckets of a template tell queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.intrinsics import Resolver, TemplateError
from local.system import Notification

if TYPE_CHECKING:
    from collections.abc import Mapping

_HONOURED = {"BucketName", "NotificationConfiguration"}
_WITHOUT_MEANING = {
    "AccelerateConfiguration", "AnalyticsConfigurations", "BucketEncryption", "CorsConfiguration",
    "IntelligentTieringConfigurations", "InventoryConfigurations", "LifecycleConfiguration",
    "LoggingConfiguration", "MetricsConfigurations", "OwnershipControls", "PublicAccessBlockConfiguration",
    "ReplicationConfiguration", "Tags", "VersioningConfiguration",
}  # fmt: skip


def read_notifications(
    name: str, properties: Mapping[str, Any], resolver: Resolver, queues: Mapping[str, str]
) -> tuple[Notification, ...]:
    """Read a bucket's properties; `queues` leads from a queue's ARN to its logical id.

    Raises TemplateError for what would have to be honoured and is not known here.
    """
    _refuse_others(name, properties, _HONOURED | _WITHOUT_MEANING)
    notification = properties.get("NotificationConfiguration") or {}
    _refuse_others(f"{name}: NotificationConfiguration", notification, {"QueueConfigurations"})
    return tuple(
        _notification(f"{name}: QueueConfigurations", each, resolver, queues)
        for each in notification.get("QueueConfigurations") or []
    )


def _notification(
    where: str, declared: Mapping[str, Any], resolver: Resolver, queues: Mapping[str, str]
) -> Notification:
    _refuse_others(where, declared, {"Event", "Filter", "Queue"})
    arn = resolver.text(declared.get("Queue", ""))
    if arn not in queues:
        raise TemplateError(f"{where}: {arn!r} is no queue of this template")
    rules = ((declared.get("Filter") or {}).get("S3Key") or {}).get("Rules") or []
    named = {resolver.text(rule["Name"]): resolver.text(rule["Value"]) for rule in rules}
    _refuse_others(f"{where}: Filter", named, {"prefix"})
    return Notification(queues[arn], resolver.text(declared["Event"]), named.get("prefix", ""))


def _refuse_others(where: str, properties: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(properties) - known):
        raise TemplateError(f"{where}: {', '.join(unknown)} is not supported on one machine")
