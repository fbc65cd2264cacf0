import { useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { messageOf, missingScope } from "../../api/problem";
import { FINAL, type Job } from "../../api/types";
import { ago, between, duration, moment } from "../../results/format";
import { toast } from "../../state/announce";
import { Icon } from "../../ui/icon";
import { Confirm, CopyButton, StatusBadge } from "../../ui/parts";
import type { Live } from "./live";

const VERBS = { summarise: "Summarise", extract: "Extract", evaluate: "Evaluate" } as const;
type Action = "cancel" | "redrive" | "delete";

interface Props {
  api: Calls;
  live: Live;
  id: string;
  /** Null until it is loaded, and where it was deleted. */
  job: Job | null;
  name: string | null;
}

export function JobHeader({ api, live, id, job, name }: Props) {
  const took = job ? between(job.created_at, job.completed_at) : null;
  return (
    <div class="job-head">
      <div class="job-title">
        <h1 id="title" tabIndex={-1} class="wrap">
          {job ? VERBS[job.task] : live.purged ? "Deleted job" : "Job"}
          {job && name ? <span class="job-name"> {name}</span> : null}
        </h1>
        <div class="row small muted">
          {job ? <StatusBadge status={job.status} /> : null}
          {job?.priority === "economy" ? <span class="badge">economy</span> : null}
          {job ? <span title={moment(job.created_at)}>{ago(job.created_at)}</span> : null}
          {took === null ? null : <span>took {duration(took)}</span>}
          {job && job.attempt > 1 ? <span>attempt {job.attempt}</span> : null}
          <CopyButton class="button quiet small id" text={() => id}>
            <code>{id}</code>
          </CopyButton>
        </div>
      </div>
      {job ? <Actions api={api} live={live} job={job} /> : null}
    </div>
  );
}

function Actions({ api, live, job }: { api: Calls; live: Live; job: Job }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const [busy, setBusy] = useState(false);
  const final = FINAL.includes(job.status);
  const act = async (action: Action) => {
    setBusy(true);
    try {
      if (action === "delete") {
        await api.remove(job.job_id);
        toast("Deleted. Its trail is kept.");
      } else {
        live.set(await api[action](job.job_id));
        toast(action === "cancel" ? "Cancelled" : "Put back: it is worked on again");
      }
      live.again();
    } catch (error) {
      const scope = missingScope(error);
      toast(scope ? `This needs a key with the scope ${scope}.` : messageOf(error), "wrong");
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="row">
      {final ? null : (
        <button type="button" class="button" disabled={busy} onClick={() => setAsked("cancel")}>
          <Icon name="stop" /> Cancel
        </button>
      )}
      {job.status === "failed" ? (
        <button type="button" class="button" disabled={busy} onClick={() => setAsked("redrive")}>
          <Icon name="again" /> Run again
        </button>
      ) : null}
      <button type="button" class="button quiet" disabled={busy} onClick={() => setAsked("delete")}>
        <Icon name="trash" /> Delete
      </button>
      {asked ? (
        <Question
          action={asked}
          open={!final}
          onClose={(confirmed) => {
            setAsked(null);
            if (confirmed) {
              void act(asked);
            }
          }}
        />
      ) : null}
    </div>
  );
}

function Question(props: { action: Action; open: boolean; onClose: (confirmed: boolean) => void }) {
  switch (props.action) {
    case "cancel":
      return (
        <Confirm title="Cancel this job?" action="Cancel the job" danger onClose={props.onClose}>
          <p>It ends without an answer. What its calls have cost so far is paid for.</p>
        </Confirm>
      );
    case "redrive":
      return (
        <Confirm title="Run this job again?" action="Run it again" onClose={props.onClose}>
          <p>It is put back and worked on as if it were new. Answers that were paid for are used again.</p>
        </Confirm>
      );
    case "delete":
      return (
        <Confirm title="Delete this job?" action="Delete for good" danger onClose={props.onClose}>
          <p>
            Its document, answer and metadata are deleted for good
            {props.open ? ", and it is cancelled first" : ""}. Its trail and what it cost stay.
          </p>
        </Confirm>
      );
  }
}
