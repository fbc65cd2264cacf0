import type { Calls } from "../../api/calls";
import { TASKS, type UsageReport } from "../../api/types";
import { compact, duration, plural, shortDuration, usd } from "../../results/format";
import { useLoaded } from "../../state/loaded";
import { go, href } from "../../state/router";
import { Segments } from "../../ui/form";
import { Empty, Fault, Heading, Skeleton } from "../../ui/parts";
import { LimitsCard } from "./limits";
import { Key, Plot } from "./plot";
import { columns, cost, DAY_MS, dayOf, jobs, median, p95, tokens, total } from "./series";

const RANGES = ["7", "30", "90"] as const;

/** Jobs, time, tokens and cost by day and task, and the tenant's limits. */
export function UsageView({ api, query }: { api: Calls; query: URLSearchParams }) {
  const days = RANGES.find((range) => range === query.get("days")) ?? "30";
  const to = dayOf(Date.now());
  const from = dayOf(Date.now() - (Number(days) - 1) * DAY_MS);
  const { value, error, again } = useLoaded((signal) => api.usage(from, to, signal), [api, from, to]);
  return (
    <>
      <div class="row apart usage-head">
        <Heading sub="Days are in UTC. Deleted jobs still count for what they cost.">Usage</Heading>
        <Segments
          name="range"
          label="Range"
          value={days}
          options={RANGES.map((range) => [range, `${range} days`] as const)}
          onChange={(range) => go(["usage"], { days: range })}
        />
      </div>
      <div class="stack wide-gap">
        <LimitsCard api={api} />
        {error && value === null ? <Fault error={error} again={again} /> : null}
        {value ? (
          <Plots report={value} />
        ) : error ? null : (
          <div class="plots">
            {["jobs", "cost", "tokens", "time"].map((each) => (
              <div class="card plot-waiting" key={each}>
                <Skeleton lines={6} label="Loading the usage" />
              </div>
            ))}
          </div>
        )}
      </div>
    </>
  );
}

function Plots({ report: { from, to, days } }: { report: UsageReport }) {
  if (days.length === 0) {
    return (
      <div class="card">
        <Empty icon="clock" title="No jobs in this time">
          <a class="button" href={href(["new"])}>
            New job
          </a>
        </Empty>
      </div>
    );
  }
  const by = (measure: typeof jobs) => columns(days, from, to, measure);
  const failed = total(days, (row) => row.failed);
  return (
    <>
      <ul class="row legend" aria-label="Colours of the tasks">
        {TASKS.map((task) => (
          <li key={task}>
            <Key task={task} />
          </li>
        ))}
      </ul>
      <div class="plots">
        <Plot
          title="Jobs"
          total={`${plural(total(days, jobs), "job")}, ${failed} failed`}
          columns={by(jobs)}
          format={compact}
          least={1}
        />
        <Plot title="Cost" total={usd(total(days, cost))} columns={by(cost)} format={usd} />
        <Plot
          title="Tokens"
          total={`${compact(total(days, tokens))} in and out`}
          columns={by(tokens)}
          format={compact}
        />
        <Plot
          title="Time to the answer"
          total="Median, and a line up to the slowest twentieth"
          columns={by(median)}
          ends={by(p95)}
          format={duration}
          short={shortDuration}
        />
      </div>
    </>
  );
}
