"""A receiver of Claimcheck's webhooks in Python: verify, keep, answer; work on it afterwards.

pip install -r requirements.txt
CLAIMCHECK_WEBHOOK_SECRET=whsec_… python receiver.py       (during a rotation: both secrets, a space between)
"""

import asyncio
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import uvicorn
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

SECRETS = [Webhook(secret) for secret in os.environ["CLAIMCHECK_WEBHOOK_SECRET"].split()]
INBOX = Path(os.environ.get("INBOX", "inbox"))
MAX_BYTES = 1_000_000  # Claimcheck sends less: a longer result is a link

app = FastAPI()


@app.post("/")
async def receive(request: Request) -> Response:
    """Answer 2xx only for what is verified and kept; anything else comes again."""
    body = b""  # raw: JSON that was parsed and written again is not what was signed
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            return Response(status_code=413)
    event = verified(body, dict(request.headers))
    if event is None:
        return Response(status_code=401)
    new = await asyncio.to_thread(keep, request.headers["webhook-id"], body)
    print(event["type"], event["data"]["job_id"], "new" if new else "duplicate", flush=True)
    return Response(status_code=204)  # at once: who works first and answers later is asked again meanwhile


def verified(body: bytes, headers: dict[str, str]) -> dict | None:
    """The event, if one of the secrets signed these bytes within the last five minutes."""
    for secret in SECRETS:
        try:
            return secret.verify(body, headers)
        except (WebhookVerificationError, ValueError):  # ValueError: a header or a body that is garbage
            continue
    return None


def keep(webhook_id: str, body: bytes) -> bool:
    """Keep an event for the work that follows; False where it is here already.

    In a system with a database this is one INSERT into a table whose primary key is the webhook-id.
    Here it is a file: written whole, then given its name, which only one can have.
    """
    INBOX.mkdir(exist_ok=True)
    with NamedTemporaryFile(dir=INBOX) as draft:
        draft.write(body)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, INBOX / f"{webhook_id}.json")
        except FileExistsError:
            return False
    return True


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), log_level="warning")
