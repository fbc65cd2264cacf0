import type { Coverage, Job } from "../../api/types";
import { between, duration, moment, number, plural, usd } from "../../results/format";

/** What the job cost and took, and what its owner wrote to it. */
export function Facts({ job }: { job: Job }) {
  const { usage } = job;
  const took = between(job.started_at, job.completed_at);
  const facts: [string, string | null][] = [
    ["Cost", usd(usage.cost_usd)],
    ["Model", usage.model],
    ["Calls", number(usage.calls)],
    ["Tokens in", number(usage.input_tokens)],
    ["From cache", number(usage.cache_read_tokens)],
    ["Into cache", number(usage.cache_write_tokens)],
    ["Tokens out", number(usage.output_tokens)],
    ["Handed in", moment(job.created_at)],
    ["Worked on", took === null ? null : `for ${duration(took)}`],
    ["Attempts", number(job.attempt)],
    ["Cancelled at", job.cancel_at && job.completed_at === null ? moment(job.cancel_at) : null],
  ];
  const metadata = Object.keys(job.metadata).length > 0;
  return (
    <section class="card stack" aria-labelledby="facts-title">
      <h2 id="facts-title">Usage and cost</h2>
      <dl class="fact-grid">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="number wrap">{value}</dd>
            </div>
          ),
        )}
      </dl>
      {usage.unknown_calls > 0 ? (
        <p class="hint">
          Of {plural(usage.unknown_calls, "call")} nobody saw the end: they may have cost up to{" "}
          {usd(usage.unknown_cost_usd_at_most)} more.
        </p>
      ) : null}
      {metadata ? (
        <>
          <h3>Metadata</h3>
          <pre class="code-block">{JSON.stringify(job.metadata, null, 2)}</pre>
        </>
      ) : null}
    </section>
  );
}

/** How much of the document the answer rests on. */
export function CoverageFacts({ coverage }: { coverage: Coverage }) {
  const { chars, read, pages, gaps } = coverage;
  const share = chars > 0 ? Math.floor((read / chars) * 1000) / 10 : 100;
  return (
    <section class="card stack" aria-labelledby="coverage-title">
      <div class="row apart">
        <h2 id="coverage-title">Coverage</h2>
        <p class="small muted number">
          {chars === 0 ? "" : `${share} % of ${plural(chars, "character")}`}
          {pages === null ? "" : `${chars === 0 ? "" : " on "}${plural(pages, "page")}`}
        </p>
      </div>
      {gaps.length === 0 ? (
        <p class="muted">Every question has an answer about the whole document.</p>
      ) : (
        <ul class="gaps">
          {gaps.map((gap) => (
            <li key={`${gap.start} ${gap.end} ${gap.reason}`}>
              <p>{gap.reason}</p>
              <p class="small muted number">
                {gap.page === undefined
                  ? `characters ${number(gap.start)} to ${number(gap.end)}`
                  : `page ${gap.page}`}
                {gap.asked ? `, for ${gap.asked.join(", ")}` : ""}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
