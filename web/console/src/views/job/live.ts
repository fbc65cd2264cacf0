import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Calls, JobAnswer } from "../../api/calls";
import { isAbort, pause } from "../../api/http";
import { Problem } from "../../api/problem";
import { FINAL, type Job } from "../../api/types";
import { announce } from "../../state/announce";

export interface Live {
  answer: JobAnswer | null;
  error: unknown;
  /** Whether the job was deleted: only its trail is left. */
  purged: boolean;
  set: (answer: JobAnswer) => void;
  again: () => void;
}

/** Progress is seen between two answers, so a call waits for the end a little only, and longer as time goes on. */
const WAITS_S = [0, 1, 1, 2, 2, 3, 3, 5, 5, 10];
const LONGEST_S = 20;
const BATCH_PAUSE_MS = 30_000;
const AFTER_FAULT_MS = 4000;

/** Follow a job until it is final. What is there stays while the service cannot be reached. */
export function useLive(api: Calls, id: string): Live {
  const [answer, setAnswer] = useState<JobAnswer | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const latest = useRef<JobAnswer | null>(null);
  const set = useCallback((next: JobAnswer) => {
    tell(latest.current?.job, next.job);
    latest.current = next;
    setAnswer(next);
    setError(null);
  }, []);
  // `round` begins anew
  useEffect(() => {
    const control = new AbortController();
    const fail = (wrong: unknown) => {
      if (wrong instanceof Problem && wrong.code === "purged") {
        latest.current = null; // what it held is not to be shown any more
        setAnswer(null);
      }
      setError(wrong);
    };
    follow(api, id, control.signal, latest, set, fail);
    return () => control.abort();
  }, [api, id, round, set]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  const purged = error instanceof Problem && error.code === "purged";
  return { answer, error, purged, set, again };
}

async function follow(
  api: Calls,
  id: string,
  signal: AbortSignal,
  latest: { current: JobAnswer | null },
  set: (answer: JobAnswer) => void,
  fail: (error: unknown) => void,
): Promise<void> {
  for (let count = 0; !signal.aborted; count += 1) {
    const wait = latest.current === null ? 0 : (WAITS_S[count] ?? LONGEST_S);
    try {
      const answer = await api.job(id, latest.current?.etag ?? null, wait, signal);
      if (answer !== null && !signal.aborted) {
        set(answer);
      }
      const job = latest.current?.job;
      if (job && FINAL.includes(job.status)) {
        return;
      }
      await pause(job?.batch ? BATCH_PAUSE_MS : 250, signal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) {
        return;
      }
      fail(error);
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        return; // it will not be otherwise in a moment
      }
      await pause(AFTER_FAULT_MS, signal).catch(() => undefined);
    }
  }
}

/** A screen reader is told of each change of state, and of progress now and then. */
function tell(before: Job | undefined, now: Job): void {
  if (before && before.status !== now.status) {
    announce(`The job is ${now.status}`);
  } else if (
    before &&
    now.status === "running" &&
    before.progress.done !== now.progress.done &&
    now.progress.total
  ) {
    announce(`${now.progress.done} of ${now.progress.total} questions answered`);
  }
}
