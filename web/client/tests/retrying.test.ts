import { describe, expect, test } from "vitest";
import { Claimcheck, data } from "../src/index.js";
import { pauseMs, retryAfterMs } from "../src/retrying.js";
import { type Answer, Server } from "./server.js";

const TICKET = { job_id: "j", status: "pending", created_at: "2026-11-30T00:00:00Z", links: {} };
const DONE: Answer = { status: 202, body: TICKET };
const DOCUMENT = { document: { text: "a" } };

/** A client whose clock moves by its own pauses alone. */
function client(server: Server, slept: number[] = []) {
  let clock = 0;
  const sleep = async (ms: number) => {
    slept.push(ms);
    clock += ms;
  };
  const retry = { random: () => 0, now: () => clock, sleep };
  return new Claimcheck({ url: server.url, key: "ck_test", retry });
}

describe("Retry-After", () => {
  test.each([
    ["7", 7_000],
    ["0", 0],
    [" 12 ", 12_000],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["", undefined],
    ["soon", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["99999999999", undefined],
  ])("%j is %j ms", (header, expected) => {
    expect(retryAfterMs(header, Date.UTC(2026, 0, 1))).toBe(expected);
  });

  test("is never undercut, and jitter comes on top of it", () => {
    for (const random of [() => 0, () => 0.999]) {
      expect(pauseMs(1, 5_000, random)).toBeGreaterThanOrEqual(5_000);
      expect(pauseMs(1, 5_000, random)).toBeLessThan(6_000);
    }
  });

  test("without it pauses grow up to a bound", () => {
    const grown = [1, 2, 3, 10].map((attempt) => pauseMs(attempt, undefined, () => 0.999_999));
    expect(grown.map(Math.round)).toEqual([250, 500, 1_000, 8_000]);
  });
});

test("a submission that is refused for now is sent again under the same key", async () => {
  const slept: number[] = [];
  const busy: Answer = { status: 429, body: { code: "throttled" }, headers: { "Retry-After": "2" } };
  await using server = await new Server(["cut", busy, { status: 503 }, DONE]).start();
  expect(await client(server, slept).submit("summarise", DOCUMENT)).toEqual(TICKET);
  expect(new Set(server.asked.map((each) => each.headers["idempotency-key"])).size).toBe(1);
  expect(new Set(server.asked.map((each) => each.body))).toEqual(new Set([JSON.stringify(DOCUMENT)]));
  expect(slept).toEqual([125, 2_000, 500]);
});

test("a pause that would end after the whole time is not begun", async () => {
  const slept: number[] = [];
  const tomorrow: Answer = { status: 429, body: { code: "spend_limit" }, headers: { "Retry-After": "3600" } };
  await using server = await new Server([tomorrow]).start();
  await expect(client(server, slept).submit("summarise", DOCUMENT)).rejects.toMatchObject({
    code: "spend_limit",
    retryAfterMs: 3_600_000,
  });
  expect([slept, server.asked.length]).toEqual([[], 1]);
});

test("answers of another fetch than the global one are answers", async () => {
  const foreign: typeof fetch = async (...asked) =>
    new Proxy(await fetch(...asked), {
      getPrototypeOf: () => Object.prototype,
      get: (answer, name) => {
        const member: unknown = Reflect.get(answer, name, answer);
        return typeof member === "function" ? member.bind(answer) : member;
      },
    });
  await using server = await new Server([{ status: 503, headers: { "Retry-After": "0" } }, DONE]).start();
  const claimcheck = new Claimcheck({ url: server.url, key: "ck_test", fetch: foreign });
  expect(await claimcheck.submit("summarise", DOCUMENT)).toEqual(TICKET);
  expect(server.asked.length).toBe(2);
});

test("what is stored and damaged is not asked for again", async () => {
  await using server = await new Server([{ status: 500, body: { code: "document_corrupt" } }]).start();
  await expect(client(server).text("j")).rejects.toMatchObject({ code: "document_corrupt" });
  expect(server.asked.length).toBe(1);
});

test("attempts end", async () => {
  await using server = await new Server([{ status: 503, headers: { "Retry-After": "0" } }]).start();
  await expect(client(server).submit("summarise", DOCUMENT)).rejects.toMatchObject({ status: 503 });
  expect(server.asked.length).toBe(5);
});

test.each<[string, Answer]>([
  ["a broken connection", "cut"],
  ["an error of the service", { status: 500 }],
  ["503 that does not say whether it was done", { status: 503, body: { code: "unavailable" } }],
])("what cannot be repeated is not sent again after %s", async (_, answer) => {
  await using server = await new Server([answer]).start();
  const { api } = client(server);
  const sent = api.POST("/webhook-secret/rotate").then(data);
  await expect(sent).rejects.toThrow();
  expect(server.asked.length).toBe(1);
});

test("what cannot be repeated is sent again where nothing was done", async () => {
  const behind: Answer = { status: 503, body: { code: "schema_behind" } };
  await using server = await new Server([behind, { status: 200, body: { secrets: [] } }]).start();
  expect(data(await client(server).api.POST("/webhook-secret/rotate"))).toEqual({ secrets: [] });
});

test("an abort ends a pause and is what is thrown", async () => {
  await using server = await new Server([{ status: 503, headers: { "Retry-After": "30" } }]).start();
  const claimcheck = new Claimcheck({ url: server.url, key: "ck_test" });
  const stop = new AbortController();
  const asked = claimcheck.job("j", stop.signal);
  while (server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
  expect(server.asked.length).toBe(1);
});

test("a request that hangs ends", async () => {
  await using server = await new Server(["hang"]).start();
  const claimcheck = new Claimcheck({
    url: server.url,
    key: "ck_test",
    retry: { attempts: 1, requestMs: 50 },
  });
  await expect(claimcheck.job("j")).rejects.toMatchObject({ name: "TimeoutError" });
});
