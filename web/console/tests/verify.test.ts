import { readFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { isObject, Literal, type Lossless, parse } from "../src/json/lossless";
import { sha256, verify } from "../src/trail/verify";

type Members = Record<string, Lossless>;

// what `claimcheck up` answered, byte for byte
const recorded = (name: string) => readFileSync(new URL(`recorded/${name}.json`, import.meta.url), "utf8");
let job: Members;
let trail: Members;

beforeEach(() => {
  job = members(parse(recorded("job")));
  trail = members(parse(recorded("trail")));
});

const members = (value: Lossless | undefined): Members => {
  if (!isObject(value)) {
    throw new Error("no object");
  }
  return value;
};
const events = () => trail.events as Members[];
const event = (seq: number) => members(events()[seq - 1]);
const found = async () => (await verify(job, trail, sha256)).map(({ seq, why }) => `${seq}: ${why}`);

test("a trail as it was recorded holds", async () => {
  expect(await found()).toEqual([]);
});

test("an altered event is named", async () => {
  event(2).at = "2026-11-30T11:32:06.000000Z";
  expect(await found()).toEqual(["2: hash differs from its content: the event was altered"]);
});

test("an altered detail is named", async () => {
  members(event(1).detail).document_digest = "0".repeat(64);
  expect(await found()).toEqual(["1: hash differs from its content: the event was altered"]);
});

test("a removed event is a gap and a broken link", async () => {
  events().splice(1, 1);
  expect(await found()).toEqual([
    "3: gap in the numbering: 2 was expected here",
    "3: link to the event before it is broken: prev_hash is not its hash",
    "3: a job cannot go from pending to completed",
  ]);
});

test("events in another order are found", async () => {
  events().reverse();
  expect((await found())[0]).toBe("3: gap in the numbering: 1 was expected here");
});

test("a trail that was put at another job is found", async () => {
  trail.job_id = "01a22c39-0000-7000-8000-000000000000";
  const all = await found();
  expect(all[0]).toMatch(/^null: the trail belongs to job/);
  expect(all.slice(1, 4).every((each) => each.endsWith("the event was altered"))).toBe(true);
});

test("an altered answer is found, down to a zero at a number's end", async () => {
  const money = members(members(members(job.result).fields)["monthly fee"]);
  money.amount = new Literal("12.50");
  expect(await found()).toEqual(["3: result altered: its digest is not the one recorded here"]);
});

test("an answer that is missing, and a status that is another one, are found", async () => {
  job.result = null;
  job.status = "failed";
  expect(await found()).toEqual([
    "3: the job says failed, but its trail ends with completed",
    "3: the event records a result, but the job shows none",
  ]);
});

test("what follows an event that cannot be read is not judged", async () => {
  delete event(2).hash;
  expect(await found()).toEqual(["2: hash is missing or of the wrong kind"]);
});

test.each<[string, Lossless]>([
  ["no events", { events: [] }],
  ["no trail", null],
  ["events that are none", { events: "x" }],
])("a trail with %s says so", async (_, given) => {
  expect(await verify(job, given, sha256)).toEqual([{ seq: null, why: "the trail has no events" }]);
});

test("a deleted job's trail has to end with its deletion, and to show nothing", async () => {
  expect(await verify(null, trail, sha256)).toEqual([
    { seq: null, why: "the job was deleted, but no event records it" },
  ]);
  events().push({ ...event(3), type: "purged", seq: new Literal("4"), prev_hash: event(3).hash ?? null });
  expect((await verify(null, trail, sha256)).map(({ why }) => why)).toContain(
    "digest_key is there although the job was deleted",
  );
});
