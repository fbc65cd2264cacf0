import type { Calls } from "../../api/calls";
import { bytes, moment, number, usd } from "../../results/format";
import { useLoaded } from "../../state/loaded";
import { Bar, Fault, Skeleton } from "../../ui/parts";

/** What the tenant may have at once, and what is used of it. */
export function LimitsCard({ api }: { api: Calls }) {
  const { value, error, again } = useLoaded((signal) => api.limits(signal), [api]);
  if (error && value === null) {
    return <Fault error={error} again={again} />;
  }
  if (value === null) {
    return (
      <section class="card limits-waiting">
        <Skeleton lines={3} label="Loading the limits" />
      </section>
    );
  }
  const { jobs_in_flight: flight, usd_per_day: day, document_bytes: document, requests } = value;
  return (
    <section class="card limits" aria-labelledby="limits-title">
      <h2 id="limits-title">Limits</h2>
      <dl>
        <div>
          <dt>Jobs in flight</dt>
          <dd>
            <span class="number">
              {number(flight.used)} <span class="muted">of {number(flight.limit)}</span>
            </span>
            <Bar
              label="Jobs in flight, of what you may have"
              share={flight.limit ? flight.used / flight.limit : 1}
            />
          </dd>
        </div>
        <div>
          <dt>Spent today</dt>
          <dd>
            <span class="number">
              {usd(day.used)} <span class="muted">of {usd(day.limit)}</span>
            </span>
            <Bar label="Spent today, of what you may spend" share={day.limit ? day.used / day.limit : 1} />
            <span class="small muted">
              {day.reserved > 0 ? `${usd(day.reserved)} reserved; ` : ""}until {moment(day.resets_at)}
            </span>
          </dd>
        </div>
        <div>
          <dt>A document</dt>
          <dd class="number">{bytes(document.limit)}</dd>
        </div>
        <div>
          <dt>Requests</dt>
          <dd class="number">
            <span>
              {number(requests.per_second)}{" "}
              <span class="muted">a second, {number(requests.burst)} at once</span>
            </span>
          </dd>
        </div>
      </dl>
    </section>
  );
}
