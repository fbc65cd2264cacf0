import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { FINAL } from "../../api/types";
import { claimsOf, quotesOf } from "../../results/claims";
import { useLoaded } from "../../state/loaded";
import { href } from "../../state/router";
import { free } from "../../ui/keys";
import { Empty, Fault, Skeleton } from "../../ui/parts";
import { Deliveries } from "./deliveries";
import { DocumentPane, type Selection } from "./document-pane";
import { JobHeader } from "./header";
import { useLive } from "./live";
import { ResultPane } from "./result";
import { TrailView } from "./trail-view";

const TABS = [
  ["result", "Result"],
  ["trail", "Trail"],
  ["webhooks", "Webhooks"],
] as const;

/** A job: its state, its answer beside its document, its trail, its webhooks. */
export function JobView({ api, id, tab }: { api: Calls; id: string; tab: string }) {
  const live = useLive(api, id);
  const { answer, error, purged } = live;
  const final = answer !== null && FINAL.includes(answer.job.status);
  const document = useLoaded((signal) => api.document(id, signal), [id]);
  const read = final || (answer?.job.usage.calls ?? 0) > 0;
  const unread = document.value !== null && document.value.text === null;
  // its text comes when a worker has read it; what is shown of it stays meanwhile
  useEffect(() => {
    if (read && unread) {
      document.again();
    }
  }, [read, unread, document.again]);
  const name = answer?.job.document?.name ?? null;

  return (
    <>
      <JobHeader api={api} live={live} id={id} job={answer?.job ?? null} name={name} />
      <nav class="tabs" aria-label="Job">
        {TABS.map(([each, words]) => (
          <a
            key={each}
            href={href(["jobs", id, ...(each === "result" ? [] : [each])])}
            {...(tab === each ? { "aria-current": "page" } : {})}
          >
            {words}
          </a>
        ))}
      </nav>
      {error && !purged && answer === null && tab !== "trail" ? (
        <Fault error={error} again={live.again} />
      ) : null}
      {tab === "trail" ? (
        <TrailView api={api} id={id} answer={answer} purged={purged} />
      ) : purged ? (
        <Gone id={id} />
      ) : tab === "webhooks" ? (
        <Deliveries api={api} id={id} final={final} />
      ) : answer ? (
        <Split answer={answer} live={live} document={document} />
      ) : error ? null : (
        <Skeleton lines={8} label="Loading the job" />
      )}
    </>
  );
}

function Gone({ id }: { id: string }) {
  return (
    <Empty icon="trash" title="This job was deleted with all that it held">
      <p>
        Its trail is kept: <a href={href(["jobs", id, "trail"])}>see what happened to it</a>.
      </p>
    </Empty>
  );
}

interface SplitProps {
  answer: NonNullable<ReturnType<typeof useLive>["answer"]>;
  live: ReturnType<typeof useLive>;
  document: ReturnType<typeof useLoaded<import("../../api/types").DocumentText>>;
}

/** The answer beside its document; on a phone one at a time. */
function Split({ answer: { job, raw }, live, document: loaded }: SplitProps) {
  const claims = useMemo(() => claimsOf(job), [job]);
  const quotes = useMemo(() => quotesOf(claims), [claims]);
  const [selected, setSelected] = useState<Selection | null>(null);
  const [shown, setShown] = useState<"result" | "document">("result");

  const split = useRef<HTMLDivElement>(null);
  const jump = useCallback((id: number) => {
    setSelected((old) => ({ id, round: (old?.round ?? 0) + 1, jump: true }));
    setShown("document");
    document.getElementById(`quote-${id}`)?.scrollIntoView({ block: "nearest" });
    requestAnimationFrame(() => intoView(split.current));
  }, []);
  const back = useCallback((id: number) => {
    setShown("result");
    requestAnimationFrame(() => document.getElementById(`quote-${id}`)?.focus());
  }, []);
  useQuoteKeys(
    quotes.map(({ id }) => id),
    selected?.id ?? null,
    jump,
    back,
  );

  return (
    <div class="split" data-shown={shown} ref={split}>
      <fieldset class="split-switch segments">
        <legend class="hidden">What is shown</legend>
        <button type="button" aria-pressed={shown === "result"} onClick={() => setShown("result")}>
          Result
        </button>
        <button type="button" aria-pressed={shown === "document"} onClick={() => setShown("document")}>
          Document
        </button>
      </fieldset>
      <div class="split-result">
        <ResultPane
          job={job}
          raw={raw}
          live={live}
          claims={claims}
          selected={selected?.id ?? null}
          onJump={jump}
        />
      </div>
      <div class="split-document">
        {loaded.value ? (
          <DocumentPane
            key={loaded.value.document_id}
            document={loaded.value}
            quotes={quotes}
            coverage={job.result?.coverage ?? null}
            selected={selected}
            onSelect={(id) => {
              setSelected((old) => ({ id, round: old?.round ?? 0, jump: false }));
              back(id);
            }}
          />
        ) : loaded.error ? (
          <div class="pane">
            <Fault error={loaded.error} again={loaded.again} />
          </div>
        ) : (
          <div class="pane">
            <div class="pane-scroll">
              <Skeleton lines={14} label="Loading the document" />
            </div>
          </div>
        )}
      </div>
    </div>
  );
}

/** Where one is shown at a time, the document fills the screen below the switch. */
function intoView(split: HTMLElement | null): void {
  if (split && matchMedia("(max-width: 900px)").matches) {
    split.scrollIntoView({ block: "start" });
  }
}

/** j and k go through the quotes; Escape in the document goes back to the quote that led there. */
function useQuoteKeys(
  ids: readonly number[],
  selected: number | null,
  jump: (id: number) => void,
  back: (id: number) => void,
): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && selected !== null && !document.querySelector("dialog[open]")) {
        if (document.activeElement?.closest("#document")) {
          event.preventDefault();
          back(selected);
        }
        return;
      }
      const by = { j: 1, k: -1 }[event.key];
      if (by !== undefined && ids.length > 0 && free(event)) {
        event.preventDefault();
        const at = selected === null ? (by > 0 ? -1 : 0) : ids.indexOf(selected);
        const next = ids[(at + by + ids.length) % ids.length];
        if (next !== undefined) {
          jump(next);
        }
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [ids, selected, jump, back]);
}
