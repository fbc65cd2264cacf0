import type { Job } from "../../api/types";
import { advice } from "../../results/advice";
import { plural } from "../../results/format";
import { Icon } from "../../ui/icon";

/** Why a job failed, and what to do. */
export function Failure({ job: { error } }: { job: Job }) {
  if (error === null) {
    return null;
  }
  return (
    <section class="card stack failure" aria-labelledby="failure-title">
      <h2 id="failure-title" class="failure-title">
        <Icon name="cross" /> The job failed
      </h2>
      <p class="wrap">{error.message}</p>
      <p>
        <strong>What to do:</strong> {advice(error.code, error.retryable)}
      </p>
      <p class="small muted">
        <code>{error.code}</code>, after {plural(error.attempts, "attempt")}
      </p>
    </section>
  );
}
