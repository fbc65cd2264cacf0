import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Calls } from "../api/calls";
import { isAbort } from "../api/http";
import { type ListedJob, STATUSES, type Status, TASKS, type Task } from "../api/types";
import { ago, between, duration, moment, plural, usd } from "../results/format";
import { announce } from "../state/announce";
import { go, href } from "../state/router";
import { Icon } from "../ui/icon";
import { Empty, Fault, Heading, Skeleton, StatusBadge } from "../ui/parts";

const PAGE = 25;
const AGAIN_MS = 5000;

interface Listed {
  jobs: ListedJob[];
  cursor: string | null;
}

/** The tenant's jobs, newest first. What is new comes by itself, and takes no focus and no place on the screen away. */
export function Jobs({ api, query }: { api: Calls; query: URLSearchParams }) {
  const status = oneOf(STATUSES, query.get("status"));
  const task = oneOf(TASKS, query.get("task"));
  const { listed, error, more, again, busy } = useJobs(api, status, task);
  const filtered = status !== undefined || task !== undefined;
  return (
    <>
      <div class="row apart">
        <Heading>Jobs</Heading>
        <a class="button primary" href={href(["new"])}>
          <Icon name="plus" /> New job
        </a>
      </div>
      <div class="row filters">
        <Filter
          label="Status"
          value={status}
          options={STATUSES}
          onChange={(value) => go(["jobs"], { status: value, task })}
        />
        <Filter
          label="Task"
          value={task}
          options={TASKS}
          onChange={(value) => go(["jobs"], { status, task: value })}
        />
        {filtered ? (
          <a class="button quiet" href={href(["jobs"])}>
            Clear
          </a>
        ) : null}
        {error && listed !== null ? (
          <p class="wrong" role="status">
            <Icon name="warn" size={12} /> Not refreshed just now; trying again.
          </p>
        ) : null}
      </div>
      {error && listed === null ? <Fault error={error} again={again} /> : null}
      {listed === null ? (
        error ? null : (
          <div class="card">
            <Skeleton lines={10} label="Loading the jobs" />
          </div>
        )
      ) : listed.jobs.length === 0 ? (
        <div class="card">{filtered ? <NoneSuch /> : <None />}</div>
      ) : (
        <>
          <Table jobs={listed.jobs} />
          {listed.cursor ? (
            <p class="row more">
              <button type="button" class="button" disabled={busy} onClick={more}>
                {busy ? "Loading…" : "Show more"}
              </button>
            </p>
          ) : null}
        </>
      )}
    </>
  );
}

function useJobs(api: Calls, status: Status | undefined, task: Task | undefined) {
  const [listed, setListed] = useState<Listed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [round, setRound] = useState(0);
  const now = useRef<Listed | null>(null);
  const keep = useCallback((next: Listed | null) => {
    now.current = next;
    setListed(next);
  }, []);
  // `round` begins anew
  useEffect(() => {
    const control = new AbortController();
    keep(null);
    setError(null);
    const refresh = () => {
      if (globalThis.document.hidden && now.current !== null) {
        return Promise.resolve();
      }
      return api.jobs({ status, task, limit: String(PAGE) }, control.signal, now.current !== null).then(
        (page) => {
          setError(null);
          keep(merged(now.current, page.jobs, page.next_cursor));
        },
        (wrong: unknown) => {
          if (!isAbort(wrong)) {
            setError(wrong);
          }
        },
      );
    };
    void refresh();
    const timer = setInterval(refresh, AGAIN_MS);
    return () => {
      control.abort();
      clearInterval(timer);
    };
  }, [api, status, task, round, keep]);
  const more = async () => {
    const old = now.current;
    if (!old?.cursor || busy) {
      return;
    }
    setBusy(true);
    try {
      const page = await api.jobs({ status, task, limit: String(PAGE), cursor: old.cursor });
      const known = new Set((now.current?.jobs ?? []).map(({ job_id }) => job_id));
      const added = page.jobs.filter(({ job_id }) => !known.has(job_id));
      keep({ jobs: [...(now.current?.jobs ?? []), ...added], cursor: page.next_cursor });
      announce(`${plural(added.length, "more job")} shown`);
    } catch (wrong) {
      setError(wrong);
    } finally {
      setBusy(false);
    }
  };
  return { listed, error, busy, more, again: () => setRound((count) => count + 1) };
}

/** The newest page put before what was loaded by hand, which stays. */
function merged(old: Listed | null, page: ListedJob[], cursor: string | null): Listed {
  if (old === null || old.jobs.length <= page.length) {
    return { jobs: page, cursor };
  }
  const fresh = new Set(page.map(({ job_id }) => job_id));
  const oldest = page.at(-1)?.job_id ?? "";
  // ids are UUIDv7, so in the order of time
  const older = old.jobs.filter(({ job_id }) => !fresh.has(job_id) && job_id < oldest);
  return { jobs: [...page, ...older], cursor: older.length > 0 ? old.cursor : cursor };
}

function Table({ jobs }: { jobs: readonly ListedJob[] }) {
  return (
    <div class="card flush">
      <table class="table jobs">
        <caption class="hidden">Jobs, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">Status</th>
            <th scope="col">Handed in</th>
            <th scope="col" class="right">
              Took
            </th>
            <th scope="col" class="right">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <Row key={job.job_id} job={job} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ job }: { job: ListedJob }) {
  const took = between(job.created_at, job.completed_at);
  const { done, total } = job.progress;
  const name = job.document?.name ?? null;
  const metadata = Object.entries(job.metadata).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return (
    <tr data-job={job.job_id} onClick={(event) => openRow(event, job.job_id)}>
      <th scope="row">
        <a href={href(["jobs", job.job_id])}>{name ?? `${job.task} job`}</a>
        <span class="small muted cut">
          {name ? `${job.task}, ` : ""}
          <code>{job.job_id.slice(-12)}</code>
          {metadata.length > 0 ? `, ${metadata.join(", ")}` : ""}
        </span>
      </th>
      <td>
        <StatusBadge status={job.status} />
        {job.status === "running" && total ? (
          <span class="small muted number">
            {" "}
            {done}/{total}
          </span>
        ) : null}
        {job.error ? <code class="small muted cut">{job.error.code}</code> : null}
      </td>
      <td class="muted">
        <time dateTime={job.created_at} title={moment(job.created_at)}>
          {ago(job.created_at)}
        </time>
      </td>
      <td class="right muted">{took === null ? "–" : duration(took)}</td>
      <td class="right muted">{usd(job.usage.cost_usd)}</td>
    </tr>
  );
}

/** A press anywhere in a row opens it, unless words were being selected. */
function openRow(event: MouseEvent, id: string): void {
  if (!(event.target as Element).closest("a") && String(getSelection()) === "") {
    go(["jobs", id]);
  }
}

function Filter<T extends string>(props: {
  label: string;
  value: T | undefined;
  options: readonly T[];
  onChange: (value: T | undefined) => void;
}) {
  const id = `filter-${props.label.toLowerCase()}`;
  return (
    <div class="filter">
      <label for={id} class="small muted">
        {props.label}
      </label>
      <select
        id={id}
        class="input"
        value={props.value ?? ""}
        onChange={(event) => props.onChange(oneOf(props.options, event.currentTarget.value))}
      >
        <option value="">all</option>
        {props.options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </div>
  );
}

function None() {
  return (
    <Empty icon="file" title="No jobs yet">
      <p>Hand in a document, and its job is listed here.</p>
      <a class="button primary" href={href(["new"])}>
        New job
      </a>
    </Empty>
  );
}

function NoneSuch() {
  return (
    <Empty icon="file" title="No job fits these filters">
      <a class="button" href={href(["jobs"])}>
        Show all
      </a>
    </Empty>
  );
}

function oneOf<T extends string>(options: readonly T[], value: string | null): T | undefined {
  return options.find((option) => option === value);
}
