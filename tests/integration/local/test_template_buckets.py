"""Buckets of a template: what they tell queues, and what nobody honours here."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import nested, template
from local.system import Bucket, Notification, Physical

TEMPLATE = Path(__file__).resolve().parents[3] / "template.yaml"
QUEUE = "Queue: !GetAtt Q.Arn"
SUFFIX = "Filter: {S3Key: {Rules: [{Name: suffix, Value: .pdf}]}}"


def bucket(tmp_path: Path, properties: str) -> Bucket:
    """The bucket `B` with these properties, beside a queue `Q`."""
    path = tmp_path / "template.yaml"
    resources = f"Q: {{Type: AWS::SQS::Queue}}, B: {{Type: AWS::S3::Bucket, Properties: {{{properties}}}}}"
    path.write_text(f"Resources: {{{resources}}}", encoding="utf-8")
    return template.load(path, {}, physical=Physical()).buckets["B"]


def test_the_products_bucket_tells_of_uploads() -> None:
    """Whatever is created among the documents, and nothing else."""
    parameters = {"AnthropicSecretArn": "-", "WebhookKeySecretArn": "-"}
    system = template.load(
        TEMPLATE, parameters, physical=Physical(), outputs=nested.outputs("postgresql://x", "y")
    )
    (notification,) = system.buckets["DocumentsBucket"].notifications
    assert notification == Notification("UploadsQueue", "s3:ObjectCreated:*", "documents/")
    assert "UploadsFunction" in {each.function for each in system.sqs_sources if each.queue == "UploadsQueue"}


def test_a_notification_may_be_of_the_whole_bucket(tmp_path: Path) -> None:
    """Without a filter every key counts."""
    told = f"NotificationConfiguration: {{QueueConfigurations: [{{Event: 's3:ObjectCreated:Put', {QUEUE}}}]}}"
    assert bucket(tmp_path, told).notifications == (Notification("Q", "s3:ObjectCreated:Put", ""),)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("WebsiteConfiguration: {}", "B: WebsiteConfiguration is not supported"),
        ("NotificationConfiguration: {LambdaConfigurations: []}", "B: .*: LambdaConfigurations is not supp"),
        (
            "NotificationConfiguration: {QueueConfigurations: [{Event: e, Queue: 'arn:other'}]}",
            "'arn:other' is no queue of this template",
        ),
        (
            f"NotificationConfiguration: {{QueueConfigurations: [{{Event: e, {QUEUE}, {SUFFIX}}}]}}",
            "Filter: suffix is not supported",
        ),
    ],
)
def test_what_is_not_honoured_is_an_error(tmp_path: Path, properties: str, message: str) -> None:
    """A bucket that would be quieter here than in the cloud is not started."""
    with pytest.raises(template.TemplateError, match=message):
        bucket(tmp_path, properties)
