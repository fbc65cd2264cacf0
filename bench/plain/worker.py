"""A plain worker: everything it uses imported at the top, its clients and the model's key made there too."""

import json
import os

import anthropic
import boto3
import psycopg
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from pydantic import BaseModel

logger = Logger()
metrics = Metrics()
processor = BatchProcessor(event_type=EventType.SQS)
s3 = boto3.client("s3")
sqs = boto3.client("sqs")
secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["ANTHROPIC_SECRET_ARN"])
claude = anthropic.Anthropic(api_key=secret["SecretString"], max_retries=0)

_DOCUMENT = """
SELECT convert_from(objects.content, 'UTF8') FROM jobs
JOIN documents ON documents.id = jobs.document_id
JOIN objects ON objects.tenant_id = documents.tenant_id AND objects.sha256 = documents.sha256
WHERE jobs.id = %s
"""


class Doorbell(BaseModel):
    """A message of the queue."""

    job_id: str


def work(record) -> None:  # type: ignore[no-untyped-def]
    """Read the document, ask the model."""
    bell = Doorbell.model_validate_json(record.body)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        row = connection.execute(_DOCUMENT, (bell.job_id,)).fetchone()
    if row is None:
        raise LookupError(bell.job_id)
    answer = claude.messages.create(
        model=os.environ["MODEL_STANDARD"],
        max_tokens=4_000,
        messages=[{"role": "user", "content": f"{row[0]}\n\nSummarise this document."}],
    )
    logger.info("asked", extra={"usage": json.dumps(answer.usage.to_dict())})


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict, context: object) -> dict:  # type: ignore[type-arg]
    """The function's handler."""
    return process_partial_response(event, record_handler=work, processor=processor, context=context)  # type: ignore[return-value, arg-type]
