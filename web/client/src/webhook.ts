import { Webhook, WebhookVerificationError } from "standardwebhooks";
import type { JobEvent, TestEvent } from "./generated/api.js";

export type WebhookEvent = JobEvent | TestEvent;

/** The webhook is not from your Claimcheck, was altered, or is older than five minutes: answer 401. */
export class WebhookNotVerified extends Error {
  override readonly name = "WebhookNotVerified";
}

/**
 * The event in a webhook that one of `secrets` has signed. `body` is the raw body, before anything parses it.
 * Two secrets sign for 24 h after a rotation, so give all that GET /webhook-secret shows.
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secrets: string | readonly string[],
): WebhookEvent {
  const raw = typeof body === "string" ? body : new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  const signed = Object.fromEntries(pairs(headers).map(([name, value]) => [name.toLowerCase(), value]));
  let why = "there is no secret to verify it with";
  for (const secret of typeof secrets === "string" ? [secrets] : secrets) {
    try {
      return new Webhook(secret).verify(raw, signed) as WebhookEvent;
    } catch (error) {
      if (!(error instanceof WebhookVerificationError || error instanceof SyntaxError)) throw error;
      why = error.message;
    }
  }
  throw new WebhookNotVerified(why);
}

function pairs(headers: Headers | Record<string, string | string[] | undefined>): [string, string][] {
  if (headers instanceof Headers) return [...headers];
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(" ") : value] as [string, string]],
  );
}
