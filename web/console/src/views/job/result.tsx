import type { Job, SummariseResult } from "../../api/types";
import type { Lossless } from "../../json/lossless";
import { isObject, pretty } from "../../json/lossless";
import { type Claim, quotesOf, tally, warningsOf } from "../../results/claims";
import { csv } from "../../results/csv";
import { inWords, plural } from "../../results/format";
import { type Told, told } from "../../results/warnings";
import { Icon } from "../../ui/icon";
import { Bar, CopyButton, Notice, Skeleton } from "../../ui/parts";
import { saveFile } from "../../ui/save-file";
import { Criteria, Fields, Points } from "./claims";
import { CoverageFacts, Facts } from "./facts";
import { Failure } from "./failure";
import type { Live } from "./live";
import { KINDS } from "./quote";

interface Props {
  job: Job;
  raw: Lossless;
  live: Live;
  claims: readonly Claim[];
  selected: number | null;
  onJump: (id: number) => void;
}

/** What came of the job: by its state, then by its task. */
export function ResultPane(props: Props) {
  const { job, live } = props;
  return (
    <div class="stack result">
      {live.error ? (
        <Notice tone="warn">
          The service cannot be reached just now. This is what it said before; trying again.
        </Notice>
      ) : null}
      <State {...props} />
      <Facts job={job} />
    </div>
  );
}

function State(props: Props) {
  const { job } = props;
  switch (job.status) {
    case "pending":
    case "running":
      return <Waiting job={job} />;
    case "failed":
      return <Failure job={job} />;
    case "cancelled":
      return (
        <Notice tone="quiet">
          This job was cancelled before it had an answer. Hand it in again to have one.
        </Notice>
      );
    default:
      return <Answer {...props} />;
  }
}

function Waiting({ job }: { job: Job }) {
  const { done, total } = job.progress;
  return (
    <section class="card stack" aria-label="Progress" aria-busy="true">
      <p>{stage(job)}</p>
      <Bar label="Questions answered" share={total ? done / total : 0} />
      <p class="hint number">
        {total
          ? `${done} of ${plural(total, "question")} answered`
          : "Not known yet how many questions it takes"}
      </p>
      {job.batch ? null : <Skeleton lines={5} label="Waiting for the answer" />}
    </section>
  );
}

function stage(job: Job): string {
  if (job.waits_for) {
    return "Waiting for the bytes of its document.";
  }
  if (job.batch) {
    return `${plural(job.batch.questions, "question")} of this economy job wait to be answered in a batch: hours mostly, two days at most.`;
  }
  if (job.status === "pending") {
    return job.attempt > 0 ? "Waiting for its next attempt." : "Waiting for a worker.";
  }
  return job.progress.total ? "The model is answering." : "Reading the document.";
}

function Answer(props: Props) {
  const { job, claims, selected, onJump } = props;
  const result = job.result;
  if (result === null) {
    return (
      <Notice tone="warn">The answer of this job is not there any more. Hand it in again to have one.</Notice>
    );
  }
  const shared = { claims, selected, onJump };
  return (
    <>
      {job.status === "partial" ? (
        <Notice tone="warn">
          A partial answer: {plural(result.coverage.gaps.length, "part")} of the document could not be read.
          They are listed below.
        </Notice>
      ) : null}
      {told(warningsOf(result)).map((warning) => (
        <WarningNotice key={`${warning.title} ${warning.detail}`} {...warning} />
      ))}
      <div class="row apart">
        <Tally claims={claims} />
        <Copies {...props} />
      </div>
      {job.task === "summarise" ? (
        <section class="card">
          <h2>Overview</h2>
          <p class="prose">{(result as SummariseResult).overview}</p>
        </section>
      ) : null}
      {job.task === "summarise" ? <Points {...shared} /> : null}
      {job.task === "extract" ? <Fields {...shared} /> : null}
      {job.task === "evaluate" ? <Criteria {...shared} /> : null}
      <CoverageFacts coverage={result.coverage} />
    </>
  );
}

function WarningNotice({ title, about, detail, others }: Told) {
  return (
    <Notice tone="warn">
      <p>
        <strong>{title}</strong>
        {about.length > 0 ? ` (${about.join(", ")})` : ""}: {detail}
      </p>
      {others.length > 0 ? <p>Also there: {others.map(inWords).join("; ")}</p> : null}
    </Notice>
  );
}

/** How many quotes were found, in words and signs. */
function Tally({ claims }: { claims: readonly Claim[] }) {
  const counts = tally(quotesOf(claims));
  return (
    <ul class="row small tally" aria-label="Quotes by how they were found">
      {(["exact", "normalised", "image", "not_found"] as const)
        .filter((status) => counts[status] > 0)
        .map((status) => (
          <li key={status} class={`tally-item ${status}`} title={`${counts[status]} ${KINDS[status].about}`}>
            <Icon name={KINDS[status].icon} size={12} /> {counts[status]} {KINDS[status].name.toLowerCase()}
          </li>
        ))}
    </ul>
  );
}

function Copies({ job, raw, claims }: Props) {
  const json = () => (isObject(raw) ? `${pretty(raw.result ?? null)}\n` : "");
  const name = `${job.task}-${job.job_id.slice(-12)}`;
  return (
    <div class="row">
      <CopyButton text={json}>Copy JSON</CopyButton>
      <button
        type="button"
        class="button small"
        onClick={() => saveFile(`${name}.json`, "application/json", json())}
      >
        <Icon name="download" /> JSON
      </button>
      <button
        type="button"
        class="button small"
        onClick={() => saveFile(`${name}.csv`, "text/csv;charset=utf-8", `\ufeff${csv(claims)}`)}
      >
        <Icon name="download" /> CSV
      </button>
    </div>
  );
}
