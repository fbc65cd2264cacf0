import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { verifyWebhook, WebhookNotVerified } from "../src/webhook.js";

const OLD = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const NEW = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const EVENT = {
  type: "job.completed",
  timestamp: "2026-11-30T00:00:00Z",
  data: { job_id: "j", note: "größe" },
};
const BODY = JSON.stringify(EVENT);

function signed(secret: string, at = new Date()) {
  return {
    "Webhook-Id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(secret).sign("msg_1", at, BODY),
  };
}

test.each([
  ["text", BODY],
  ["bytes", new TextEncoder().encode(BODY)],
])("one of several secrets is enough, for a body as %s", (_, body) => {
  expect(verifyWebhook(body, signed(OLD), [NEW, OLD])).toEqual(EVENT);
  expect(verifyWebhook(body, new Headers(signed(NEW)), NEW)).toEqual(EVENT);
});

test.each<[string, string, Record<string, string>, string[]]>([
  ["altered", BODY.replace("completed", "failed"), signed(OLD), [OLD]],
  ["old", BODY, signed(OLD, new Date(Date.now() - 6 * 60_000)), [OLD]],
  ["signed by another", BODY, signed(NEW), [OLD]],
  ["without headers", BODY, {}, [OLD]],
  ["without a secret to verify with", BODY, signed(OLD), []],
])("what is %s is refused", (_, body, headers, secrets) => {
  expect(() => verifyWebhook(body, headers, secrets)).toThrow(WebhookNotVerified);
});

test("a secret that is none is an error of its own, and not repeated", () => {
  const wrong = "whsec_not base64!";
  const verify = () => verifyWebhook(BODY, signed(OLD), wrong);
  expect(verify).toThrow();
  expect(verify).not.toThrow(WebhookNotVerified);
  expect(verify).not.toThrow(wrong);
});
