import { useEffect, useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { isAbort } from "../../api/http";
import { messageOf, missingScope } from "../../api/problem";
import type { Bounds, Estimate } from "../../api/types";
import { compact, usd } from "../../results/format";
import { useStore } from "../../state/store";
import { type Draft, draft, questions } from "./draft";
import { isText, mediaType } from "./media";

type Size =
  | { characters: number }
  | { pages: number; media_type: string }
  | { bytes: number; media_type: string };
const PAUSE_MS = 350;
const READ_AT_MOST = 30_000_000;

type Shown = { state: "none" | "reckoning" | "told"; estimate: Estimate | null; error: unknown };

/** What the job is going to cost, asked of the service whenever the form changes. */
export function EstimateCard({ api }: { api: Calls }) {
  const now = useStore(draft);
  const size = useSize(now);
  const count = questions(now);
  const [shown, setShown] = useState<Shown>({ state: "none", estimate: null, error: null });
  const asked = size === null || count === 0 ? null : JSON.stringify(asking(now, size, count));
  useEffect(() => {
    if (asked === null) {
      setShown({ state: "none", estimate: null, error: null });
      return;
    }
    const control = new AbortController();
    setShown((old) => ({ ...old, state: "reckoning" }));
    const timer = setTimeout(() => {
      api.estimate(JSON.parse(asked), control.signal).then(
        (estimate) => setShown({ state: "told", estimate, error: null }),
        (error: unknown) => {
          if (!isAbort(error)) {
            setShown({ state: "told", estimate: null, error });
          }
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [api, asked]);
  return (
    <section
      class="card stack estimate"
      aria-labelledby="estimate-title"
      aria-busy={shown.state === "reckoning"}
    >
      <h2 id="estimate-title">Estimate</h2>
      <div aria-live="polite" class="stack">
        <Words shown={shown} />
      </div>
    </section>
  );
}

function Words({ shown: { state, estimate, error } }: { shown: Shown }) {
  if (error) {
    const scope = missingScope(error);
    return (
      <p class="hint">
        {scope ? `An estimate needs a key with the scope ${scope}.` : `No estimate: ${messageOf(error)}`}
      </p>
    );
  }
  if (estimate === null) {
    return (
      <p class="hint">
        {state === "none" ? "Choose a document and a task to see what it will cost." : "Reckoning…"}
      </p>
    );
  }
  const line = (name: string, { likely, most }: Bounds) => (
    <div>
      <dt>{name}</dt>
      <dd class="number">
        {compact(likely)}
        {most > likely ? <span class="muted"> – {compact(most)}</span> : null}
      </dd>
    </div>
  );
  return (
    <>
      <Price {...estimate.cost_usd} />
      <dl class="facts">
        {line("Calls", estimate.calls)}
        {line("Tokens in", estimate.input_tokens)}
        {line("Tokens out", estimate.output_tokens)}
        <div>
          <dt>Model</dt>
          <dd class="wrap">{estimate.model}</dd>
        </div>
      </dl>
      <p class="hint">{estimate.basis}</p>
    </>
  );
}

function Price({ likely, most }: Estimate["cost_usd"]) {
  if (likely === null) {
    return <p class="hint">No price of this model is known here.</p>;
  }
  return (
    <p class="price number">
      {usd(likely)}
      {most !== null && most > likely ? <span class="muted"> at most {usd(most)}</span> : null}
    </p>
  );
}

function asking(from: Draft, document: Size, count: number | null): object {
  return {
    task: from.task,
    document,
    ...(count === null ? {} : { questions: count }),
    priority: from.options.priority,
  };
}

/** How long the document is: characters of a text, pages of a PDF, else bytes. Null without one. */
function useSize({ mode, file, text }: Draft): Size | null {
  const [measured, setMeasured] = useState<{ file: File; size: Size } | null>(null);
  useEffect(() => {
    let stale = false;
    if (mode === "file" && file) {
      const rough = { bytes: file.size, media_type: mediaType(file.name) };
      const keep = (size: Size) => !stale && setMeasured({ file, size });
      measure(file).then(keep, () => keep(rough));
    }
    return () => {
      stale = true;
    };
  }, [mode, file]);
  if (mode === "text") {
    return text.trim() ? { characters: codePoints(text) } : null;
  }
  return file && measured?.file === file ? measured.size : null;
}

async function measure(file: File): Promise<Size> {
  const type = mediaType(file.name);
  if (isText(type) && file.size <= READ_AT_MOST) {
    return { characters: codePoints(await file.text()) };
  }
  if (type === "application/pdf") {
    const { pageCount } = await import("../../pdf/load");
    return { pages: await pageCount(file), media_type: type };
  }
  return { bytes: file.size, media_type: type };
}

function codePoints(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
