import { canonical } from "../json/canonical";
import { isObject, Literal, type Lossless } from "../json/lossless";

/** One thing that is wrong. `seq` names the event; null means the trail or the job as a whole. */
export interface Finding {
  seq: number | null;
  why: string;
}

interface Event {
  seq: number;
  at: string;
  type: string;
  status: string;
  attempt: Literal;
  detail: Record<string, Lossless>;
  prevHash: string;
  hash: string;
  seqText: string;
}

export type Digest = (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;

const ZERO_HASH = "0".repeat(64);
const FINAL = ["completed", "partial", "failed", "cancelled"];
/** An event may also leave the status as it is. Only its owner puts a failed job back, by `redriven`. */
const MOVES: Record<string, string[]> = {
  pending: ["running", "failed", "cancelled"],
  running: ["pending", ...FINAL],
  failed: ["pending"],
};
const UTF8 = new TextEncoder();

/**
 * Everything that is wrong with the trail, or between it and the job; empty where all is well.
 *
 * Both must have been parsed losslessly (json/lossless.ts). A job that was deleted is given as null. This is the
 * verification of client/trail.py, and says what it says in the same words.
 */
export async function verify(job: Lossless, trail: Lossless, digest: Digest): Promise<Finding[]> {
  const events = isObject(trail) && Array.isArray(trail.events) ? trail.events : [];
  if (!isObject(trail) || events.length === 0) {
    return [{ seq: null, why: "the trail has no events" }];
  }
  const findings: Finding[] = [];
  if (isObject(job) && trail.job_id !== job.job_id) {
    findings.push({ seq: null, why: `the trail belongs to job ${trail.job_id}, not to ${job.job_id}` });
  }
  const read: Event[] = [];
  for (const [index, raw] of events.entries()) {
    const event = shape(raw);
    if (typeof event === "string") {
      // What follows an event that cannot be read cannot be judged.
      return [...findings, { seq: numbered(raw, index + 1), why: event }];
    }
    read.push(event);
  }
  findings.push(...(await chain(String(trail.job_id), read, digest)), ...transitions(read));
  findings.push(...row(job, read), ...(await answer(job, trail, read, digest)), ...purge(job, trail, read));
  return findings;
}

/** SHA-256 in hex by the browser's own cryptography. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function numbered(raw: Lossless, position: number): number {
  return isObject(raw) && raw.seq instanceof Literal ? raw.seq.valueOf() : position;
}

function shape(raw: Lossless): Event | string {
  if (!isObject(raw)) {
    return "is no JSON object";
  }
  for (const name of ["at", "type", "status", "prev_hash", "hash"]) {
    if (typeof raw[name] !== "string") {
      return `${name} is missing or of the wrong kind`;
    }
  }
  const { seq, attempt, detail } = raw;
  for (const [name, value] of Object.entries({ seq, attempt })) {
    if (!(value instanceof Literal) || !/^-?\d+$/.test(value.text)) {
      return `${name} is missing or of the wrong kind`;
    }
  }
  if (!isObject(detail)) {
    return "detail is missing or of the wrong kind";
  }
  return {
    seq: Number(seq),
    seqText: String(seq),
    at: String(raw.at),
    type: String(raw.type),
    status: String(raw.status),
    attempt: attempt as Literal,
    detail,
    prevHash: String(raw.prev_hash),
    hash: String(raw.hash),
  };
}

function eventBytes(jobId: string, event: Event): Uint8Array<ArrayBuffer> {
  const lines = [
    event.prevHash,
    jobId,
    event.seqText,
    event.at,
    event.type,
    event.status,
    canonical(event.attempt),
    canonical(event.detail),
  ];
  return UTF8.encode(lines.join("\n"));
}

async function chain(jobId: string, events: Event[], digest: Digest): Promise<Finding[]> {
  const findings: Finding[] = [];
  let expected = 1;
  let previous = ZERO_HASH;
  for (const event of events) {
    const { seq } = event;
    if (seq !== expected) {
      findings.push({ seq, why: `gap in the numbering: ${expected} was expected here` });
    }
    if (event.prevHash !== previous) {
      const before = expected === 1 ? "the start of the chain" : "the event before it";
      findings.push({ seq, why: `link to ${before} is broken: prev_hash is not its hash` });
    }
    if (event.hash !== (await digest(eventBytes(jobId, event)))) {
      findings.push({ seq, why: "hash differs from its content: the event was altered" });
    }
    expected = seq + 1;
    previous = event.hash;
  }
  return findings;
}

function transitions(events: Event[]): Finding[] {
  const findings: Finding[] = [];
  const [first] = events;
  if (first && first.status !== "pending") {
    findings.push({ seq: first.seq, why: `a job starts as pending, not as ${first.status}` });
  }
  for (const [index, event] of events.slice(1).entries()) {
    const old = events[index]?.status ?? "";
    const may = MOVES[old]?.includes(event.status) && (old !== "failed" || event.type === "redriven");
    if (event.status !== old && !may) {
      findings.push({ seq: event.seq, why: `a job cannot go from ${old} to ${event.status}` });
    }
  }
  return findings;
}

function row(job: Lossless, events: Event[]): Finding[] {
  const last = events.at(-1);
  if (!isObject(job) || !last || job.status === last.status) {
    return [];
  }
  return [{ seq: last.seq, why: `the job says ${job.status}, but its trail ends with ${last.status}` }];
}

/** Whether the job's result is the one whose digest was recorded when it was stored. */
async function answer(
  job: Lossless,
  trail: Record<string, Lossless>,
  events: Event[],
  digest: Digest,
): Promise<Finding[]> {
  const result = isObject(job) ? (job.result ?? null) : null;
  const key = trail.digest_key ?? null;
  const event = events.findLast((each) => each.type === "completed" || each.type === "partial");
  if (!event) {
    return result === null ? [] : [{ seq: null, why: "the job shows a result, but no event records one" }];
  }
  if (key === null) {
    // Deleted content took its key along: the digest stays, but says nothing any more.
    return result === null
      ? []
      : [{ seq: null, why: "digest_key is missing although the job shows a result" }];
  }
  const bytes = fromHex(String(key));
  if (bytes === null) {
    return [{ seq: null, why: "digest_key is not hexadecimal" }];
  }
  if (result === null) {
    return isObject(job)
      ? [{ seq: event.seq, why: "the event records a result, but the job shows none" }]
      : [];
  }
  const content = UTF8.encode(canonical(result));
  const all = new Uint8Array(bytes.length + content.length);
  all.set(bytes);
  all.set(content, bytes.length);
  if (event.detail.result_digest !== (await digest(all))) {
    return [{ seq: event.seq, why: "result altered: its digest is not the one recorded here" }];
  }
  return [];
}

/** A deletion is the last event; what it deleted is not there any more. */
function purge(job: Lossless, trail: Record<string, Lossless>, events: Event[]): Finding[] {
  const purged = events.filter((event) => event.type === "purged");
  const [first] = purged;
  if (!first) {
    return job === null ? [{ seq: null, why: "the job was deleted, but no event records it" }] : [];
  }
  const findings: Finding[] = [];
  if (purged.length > 1 || first !== events.at(-1)) {
    findings.push({ seq: first.seq, why: "the job was deleted here, but its trail goes on" });
  }
  if ((trail.digest_key ?? null) !== null) {
    findings.push({ seq: null, why: "digest_key is there although the job was deleted" });
  }
  if (
    isObject(job) &&
    (job.result !== null || (isObject(job.metadata) && Object.keys(job.metadata).length > 0))
  ) {
    findings.push({ seq: null, why: "the job shows content although it was deleted" });
  }
  return findings;
}

function fromHex(text: string): Uint8Array | null {
  if (!/^([0-9a-f]{2})*$/i.test(text)) {
    return null;
  }
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
