// A receiver of Claimcheck's webhooks in Node: verify, keep, answer; work on it afterwards.
//
// npm ci
// CLAIMCHECK_WEBHOOK_SECRET=whsec_… npm start       (during a rotation: both secrets, a space between)

import { randomUUID } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";

const secrets = process.env.CLAIMCHECK_WEBHOOK_SECRET.trim().split(/\s+/).map((secret) => new Webhook(secret));
const inbox = process.env.INBOX ?? "inbox";
const maxBytes = 1_000_000; // Claimcheck sends less: a longer result is a link

// Answers 2xx only for what is verified and kept; anything else comes again.
async function receive(request) {
  if (request.method !== "POST") return 405;
  const chunks = []; // the raw bytes: JSON that was parsed and written again is not what was signed
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > maxBytes) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  const event = verified(body, request.headers);
  if (event === undefined) return 401;
  const isNew = await keep(request.headers["webhook-id"], body);
  console.log(event.type, event.data.job_id, isNew ? "new" : "duplicate");
  return 204; // at once: who works first and answers later is asked again meanwhile
}

// The event, if one of the secrets signed these bytes within the last five minutes.
function verified(body, headers) {
  for (const secret of secrets) {
    try {
      return secret.verify(body, headers);
    } catch {
      // not this one, or a header or a body that is garbage
    }
  }
  return undefined;
}

// Keeps an event for the work that follows; false where it is here already. In a system with a database this is
// one INSERT into a table whose primary key is the webhook-id. Here it is a file: written whole, then given its
// name, which only one can have.
async function keep(webhookId, body) {
  await mkdir(inbox, { recursive: true });
  const draft = join(inbox, `.${randomUUID()}`);
  const file = await open(draft, "wx");
  try {
    await file.writeFile(body);
    await file.sync();
    await link(draft, join(inbox, `${webhookId}.json`));
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

const server = createServer(async (request, response) => {
  try {
    response.statusCode = await receive(request);
  } catch (error) {
    console.error(error.message);
    response.statusCode = 500; // it comes again
  }
  if (!request.complete) response.setHeader("Connection", "close"); // the rest of it is not read
  response.end();
});
server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1");
