import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { fetched } from "../../api/calls";
import { messageOf } from "../../api/problem";
import type { Coverage, DocumentText } from "../../api/types";
import type { Words } from "../../pdf/pdf-view";
import type { Quote } from "../../results/claims";
import { announce } from "../../state/announce";
import { useLoaded } from "../../state/loaded";
import { CodePoints } from "../../text/codepoints";
import { Segments } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Empty, Fault, Notice, Skeleton } from "../../ui/parts";
import { TextView } from "./text-view";

/** The quote that is shown; `round` counts, so that the same one can be gone to once more. */
export interface Selection {
  id: number;
  round: number;
  /** Whether the document goes to it; else it was chosen there. */
  jump: boolean;
}

interface Props {
  document: DocumentText;
  quotes: readonly Quote[];
  coverage: Coverage | null;
  selected: Selection | null;
  onSelect: (id: number) => void;
}

type Mode = "pages" | "text";
const SHOWN_IMAGES = new Set(["image/png", "image/jpeg", "image/webp"]);

/** The document beside its answer: its pages or its picture, and the text that offsets point into. */
export function DocumentPane(props: Props) {
  const { document, quotes, selected } = props;
  const original = document.original ?? null;
  const kind = original === null ? null : kindOf(original.media_type);
  const [mode, setMode] = useState<Mode>(kind === null ? "text" : "pages");
  const [missed, setMissed] = useState<number | null>(null);
  const points = useMemo(
    () => (document.text === null ? null : new CodePoints(document.text)),
    [document.text],
  );
  const quote = quotes.find(({ id }) => id === selected?.id);

  // a quote that is chosen anew is looked for in the pages first
  useEffect(() => {
    if (selected && missed !== null && missed !== selected.id) {
      setMissed(null);
      setMode(kind === null ? "text" : "pages");
    }
  }, [selected?.id, selected?.round]);

  const miss = useCallback((id: number) => {
    setMissed(id);
    setMode("text");
    announce("Shown in the text");
  }, []);
  const words = useCallback(
    ({ evidence: { start, end, page } }: Quote) => {
      if (points === null || start === null || end === null) {
        return null;
      }
      const top = document.page_starts?.[(page ?? 0) - 1] ?? start;
      return { words: points.slice(start, end), before: points.slice(Math.min(top, start), start) };
    },
    [points, document.page_starts],
  );

  return (
    <section class="pane" id="document" aria-label="Document">
      <div class="pane-head row apart">
        <h2 class="wrap" id="document-name" tabIndex={-1}>
          <Icon name="file" /> {document.name ?? "Document"}
        </h2>
        {kind !== null && points !== null ? (
          <Segments<Mode>
            name="document-mode"
            label="How the document is shown"
            value={mode}
            options={[
              ["pages", kind === "pdf" ? "Pages" : "Picture"],
              ["text", "Text"],
            ]}
            onChange={(chosen) => {
              setMissed(null);
              setMode(chosen);
            }}
          />
        ) : null}
      </div>
      <Hints quote={quote} missed={missed === selected?.id} mode={mode} />
      {mode === "pages" && original !== null && kind !== null ? (
        <Original
          {...props}
          url={original.url}
          kind={kind}
          words={words}
          onMissing={miss}
          onText={() => setMode("text")}
        />
      ) : points === null ? (
        <Empty icon="file" title="No text yet">
          <p>The document has not been read so far.</p>
        </Empty>
      ) : points.length === 0 ? (
        <Empty icon="image" title="This document has no text">
          <p>It was read off the images of its pages.</p>
        </Empty>
      ) : (
        <TextView
          points={points}
          pageStarts={document.page_starts}
          quotes={quotes}
          gaps={props.coverage?.gaps ?? NO_GAPS}
          selected={selected}
          onSelect={props.onSelect}
        />
      )}
    </section>
  );
}

const NO_GAPS: Coverage["gaps"] = [];

function kindOf(mediaType: string): "pdf" | "image" | null {
  return mediaType === "application/pdf" ? "pdf" : SHOWN_IMAGES.has(mediaType) ? "image" : null;
}

/** What to know about the quote that is selected. */
function Hints({ quote, missed, mode }: { quote: Quote | undefined; missed: boolean; mode: Mode }) {
  if (!quote) {
    return null;
  }
  const { status, page, start } = quote.evidence;
  if (status === "not_found") {
    return (
      <Notice tone="bad">
        This quote does not stand in the document. What it was given for may be wrong.
      </Notice>
    );
  }
  if (status === "image") {
    return (
      <Notice tone="quiet" icon="image">
        Read off the image of page {page}: there is no text to look the quote up in. Compare it with the page.
      </Notice>
    );
  }
  if (missed && mode === "text" && start !== null) {
    return (
      <Notice tone="quiet" icon="file">
        Shown in the text: the layer of words over the page does not have the quote as it stands here.
      </Notice>
    );
  }
  return null;
}

interface OriginalProps extends Props {
  url: string;
  kind: "pdf" | "image";
  words: (quote: Quote) => Words | null;
  onMissing: (id: number) => void;
  onText: () => void;
}

/** The document as it was handed in. */
function Original(props: OriginalProps) {
  const { url, kind, onText } = props;
  // the link changes with each answer, the bytes behind it do not
  const { value, error, again } = useLoaded((signal) => bytesOf(url, signal), [props.document.document_id]);
  if (error) {
    return (
      <div class="pane-scroll stack">
        <Fault error={error} again={again} />
        {props.document.text ? <ShowText onPress={onText} /> : null}
      </div>
    );
  }
  if (value === null) {
    return <Waiting />;
  }
  return kind === "pdf" ? <Pdf {...props} data={value} /> : <Picture {...props} data={value} />;
}

function ShowText({ onPress }: { onPress: () => void }) {
  return (
    <p>
      <button type="button" class="button small" onClick={onPress}>
        Show its text
      </button>
    </p>
  );
}

function Waiting() {
  return (
    <div class="pane-scroll">
      <Skeleton lines={14} label="Loading the document" />
    </div>
  );
}

function Pdf(props: OriginalProps & { data: ArrayBuffer }) {
  const { value, error } = useLoaded(async () => {
    const [{ open }, { PdfView }] = await Promise.all([
      import("../../pdf/load"),
      import("../../pdf/pdf-view"),
    ]);
    return { pdf: await open(props.data.slice(0)), PdfView };
  }, [props.data]);
  useEffect(() => () => void value?.pdf.loadingTask.destroy(), [value]);
  if (error) {
    return (
      <div class="pane-scroll stack">
        <Notice tone="warn">Its pages cannot be shown: {messageOf(error)}</Notice>
        {props.document.text ? <ShowText onPress={props.onText} /> : null}
      </div>
    );
  }
  return value === null ? <Waiting /> : <value.PdfView {...props} pdf={value.pdf} />;
}

function Picture({ data, document, selected, quotes }: OriginalProps & { data: ArrayBuffer }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(
      new Blob([data], { type: document.original?.media_type ?? "image/png" }),
    );
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data, document.original?.media_type]);
  const framed = quotes.some(({ id }) => id === selected?.id);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="pane-scroll" tabIndex={0} aria-label="Picture of the document">
      {url ? (
        <img class={framed ? "picture framed" : "picture"} src={url} alt={document.name ?? "The document"} />
      ) : null}
    </section>
  );
}

async function bytesOf(url: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const inline = /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1];
  return inline === undefined
    ? fetched(url, signal)
    : Uint8Array.from(atob(inline), (char) => char.charCodeAt(0)).buffer;
}
