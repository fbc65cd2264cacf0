"""A plain API function: everything it uses imported at the top, the resolver with validation."""

import json
import os

import boto3
import psycopg
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel

logger = Logger()
metrics = Metrics()
app = APIGatewayRestResolver(enable_validation=True)
sqs = boto3.client("sqs")


class Ticket(BaseModel):
    """An answer."""

    job_id: str
    status: str


@app.post("/jobs/<task>")
def post_job(task: str) -> Ticket:
    """Store, ring, answer."""
    body = json.dumps(app.current_event.json_body)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        row = connection.execute("SELECT uuidv7()::text, length(%s)", (body,)).fetchone()
    job_id = row[0] if row else ""
    sqs.send_message(QueueUrl=os.environ["JOBS_QUEUE_URL"], MessageBody=json.dumps({"job_id": job_id}))
    logger.info("accepted", task=task)
    return Ticket(job_id=job_id, status="pending")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict, context: object) -> dict:  # type: ignore[type-arg]
    """The function's handler."""
    answer: dict = app.resolve(event, context)  # type: ignore[type-arg, arg-type]
    return answer
