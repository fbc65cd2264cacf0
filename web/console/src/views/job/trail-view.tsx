import type { Calls, JobAnswer } from "../../api/calls";
import { pause } from "../../api/http";
import { Problem } from "../../api/problem";
import type { Status } from "../../api/types";
import { isObject, type Lossless, plain, pretty } from "../../json/lossless";
import { duration, moment } from "../../results/format";
import { announce } from "../../state/announce";
import { useLoaded } from "../../state/loaded";
import { type Finding, sha256, verify } from "../../trail/verify";
import { Icon } from "../../ui/icon";
import { CopyButton, Fault, Notice, Skeleton, StatusBadge } from "../../ui/parts";
import { saveFile } from "../../ui/save-file";
import { NAMES } from "./event-names";

interface Event {
  seq: number;
  at: string;
  type: string;
  status: Status;
  attempt: number;
  detail: Record<string, unknown>;
  prev_hash: string;
  hash: string;
}

interface Checked {
  trail: Lossless;
  /** Null where this browser computes no hashes: the page did not come over https. */
  findings: Finding[] | null;
}

/** A job may go on between two calls; what is wrong then is right a moment later. */
const TRIES = 4;
const PAUSE_MS = 700;

/** What happened to the job, and whether the record of it holds: every hash is computed anew in this browser. */
export function TrailView(props: { api: Calls; id: string; answer: JobAnswer | null; purged: boolean }) {
  const { api, id, answer, purged } = props;
  const known = [answer?.job.status, answer?.job.attempt, purged];
  const { value, error, again } = useLoaded((signal) => checked(api, id, signal), [id, ...known]);
  if (error && value === null) {
    return <Fault error={error} again={again} />;
  }
  if (value === null) {
    return <Skeleton lines={8} label="Loading the trail" />;
  }
  const { trail, findings } = value;
  const events = eventsOf(trail);
  const wrong = findings ?? [];
  return (
    <div class="stack trail">
      <div class="row apart">
        <Verdict findings={findings} events={events} />
        <button
          type="button"
          class="button small"
          onClick={() => saveFile(`trail-${id}.json`, "application/json", `${pretty(trail)}\n`)}
        >
          <Icon name="download" /> Trail as JSON
        </button>
      </div>
      <ol class="timeline" aria-label="Events">
        {events.map((event, index) => (
          <Step
            key={event.seq}
            event={event}
            after={events[index - 1]}
            wrong={wrong.filter(({ seq }) => seq === event.seq)}
            checked={findings !== null}
          />
        ))}
      </ol>
    </div>
  );
}

async function checked(api: Calls, id: string, signal: AbortSignal): Promise<Checked> {
  for (let count = 1; ; count += 1) {
    const job = await api.job(id, null, 0, signal).catch((error: unknown) => {
      if (error instanceof Problem && error.code === "purged") {
        return null;
      }
      throw error;
    });
    const trail = await api.trail(id, signal);
    if (!globalThis.crypto.subtle) {
      return { trail, findings: null };
    }
    const findings = await verify(job?.raw ?? null, trail, sha256);
    if (findings.length === 0 || count === TRIES) {
      announce(findings.length === 0 ? "The trail holds" : "The trail does not hold");
      return { trail, findings };
    }
    await pause(PAUSE_MS, signal);
  }
}

function Verdict({ findings, events }: { findings: Finding[] | null; events: readonly Event[] }) {
  if (findings === null) {
    return (
      <Notice tone="warn">
        Not verified: this page was not loaded over https, so the browser computes no hashes.
      </Notice>
    );
  }
  if (findings.length === 0) {
    return (
      <Notice tone="good" icon="check">
        <p>
          <strong>Verified.</strong> This browser has computed all {events.length} hashes anew: each event is
          as it was recorded, none is missing, {rest(events)}.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="bad">
      <p>
        <strong>This trail does not hold.</strong>
      </p>
      <ul>
        {findings.map(({ seq, why }) => (
          <li key={`${seq} ${why}`}>
            {seq === null ? "" : `Event ${seq}: `}
            {why}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function rest(events: readonly Event[]): string {
  const types = new Set(events.map(({ type }) => type));
  if (types.has("purged")) {
    return "and nothing of what was deleted is shown";
  }
  return types.has("completed") || types.has("partial")
    ? "and the answer is the recorded one"
    : "and the job is in the state that was recorded last";
}

function Step(props: { event: Event; after: Event | undefined; wrong: Finding[]; checked: boolean }) {
  const { event, after, wrong, checked } = props;
  const [name, icon] = NAMES[event.type] ?? [event.type, "dot"];
  const waited = after ? (Date.parse(event.at) - Date.parse(after.at)) / 1000 : null;
  const detail = Object.keys(event.detail).length > 0;
  return (
    <li class={`step ${wrong.length > 0 ? "bad" : ""}`} data-seq={event.seq} data-type={event.type}>
      <span class="step-sign">
        <Icon name={wrong.length > 0 ? "warn" : icon} size={14} />
      </span>
      <div class="stack step-body">
        <div class="row">
          <p>
            <strong>{name}</strong> <span class="muted small">event {event.seq}</span>
          </p>
          <StatusBadge status={event.status} />
        </div>
        <p class="small muted number">
          <time dateTime={event.at} title={event.at}>
            {moment(event.at)}
          </time>
          {waited === null ? "" : `, ${duration(Math.max(0, waited))} later`}
          {event.attempt > 0 ? `, attempt ${event.attempt}` : ""}
        </p>
        {wrong.map(({ why }) => (
          <p class="wrong" key={why}>
            <Icon name="warn" size={12} /> {why}
          </p>
        ))}
        <details>
          <summary class="small muted">
            <code>{event.hash.slice(0, 12)}</code>
            {checked ? (wrong.length > 0 ? ", broken" : ", verified") : ""}
          </summary>
          <dl class="hashes small">
            <dt>Hash</dt>
            <dd>
              <code>{event.hash}</code> <CopyButton text={() => event.hash}>Copy</CopyButton>
            </dd>
            <dt>Before</dt>
            <dd>
              <code>{event.prev_hash}</code>
            </dd>
            {detail ? (
              <>
                <dt>Detail</dt>
                <dd>
                  <pre class="code-block">{JSON.stringify(event.detail, null, 2)}</pre>
                </dd>
              </>
            ) : null}
          </dl>
        </details>
      </div>
    </li>
  );
}

/** Those that can be shown; what is wrong with the others, the verification says. */
function eventsOf(trail: Lossless): Event[] {
  const raw = isObject(trail) && Array.isArray(trail.events) ? trail.events : [];
  return raw.filter(isObject).map((each, index) => {
    const event = plain(each) as Partial<Event>;
    return {
      seq: Number(event.seq ?? index + 1),
      at: String(event.at ?? ""),
      type: String(event.type ?? "unknown"),
      status: event.status ?? "pending",
      attempt: Number(event.attempt ?? 0),
      detail: typeof event.detail === "object" && event.detail !== null ? event.detail : {},
      prev_hash: String(event.prev_hash ?? ""),
      hash: String(event.hash ?? ""),
    };
  });
}
