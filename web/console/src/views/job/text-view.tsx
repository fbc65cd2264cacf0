import { memo } from "preact/compat";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Gap } from "../../api/types";
import type { Quote } from "../../results/claims";
import type { CodePoints } from "../../text/codepoints";
import { type Chunk, chunks, type Mark, segments } from "../../text/segments";
import { centre } from "../../ui/scroll";
import type { Selection } from "./document-pane";

interface Props {
  points: CodePoints;
  pageStarts: number[] | null;
  quotes: readonly Quote[];
  gaps: readonly Gap[];
  selected: Selection | null;
  onSelect: (id: number) => void;
}

const GAP = 0;

/** The text that offsets point into, in parts that the browser lays out when they come near. */
export function TextView({ points, pageStarts, quotes, gaps, selected, onSelect }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const parts = useMemo(
    () =>
      chunks(
        points.text,
        pageStarts && pageStarts.length > 0 ? pageStarts.map((start) => points.unit(start)) : null,
      ),
    [points, pageStarts],
  );
  const marks = useMemo(() => marksOf(points, quotes, gaps), [points, quotes, gaps]);
  const byPart = useMemo(
    () => parts.map((part) => marks.filter((mark) => mark.start < part.end && mark.end > part.start)),
    [parts, marks],
  );
  const byId = useMemo(() => new Map(quotes.map((quote) => [quote.id, quote])), [quotes]);
  // a quote that is selected once more is shown once more
  useEffect(() => {
    if (selected?.jump) {
      const mark = scroller.current?.querySelector<HTMLElement>(`[data-begins~="${selected.id}"]`);
      if (mark && scroller.current) {
        mark.focus({ preventScroll: true }); // its part is laid out by that
        centre(scroller.current, mark);
        // the parts above may turn out to be of another height than was thought
        requestAnimationFrame(() => scroller.current && centre(scroller.current, mark));
      }
    }
  }, [selected?.id, selected?.round, marks]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section ref={scroller} class="pane-scroll text" tabIndex={0} aria-label="Text of the document">
      {parts.map((part, index) => (
        <Part
          key={part.start}
          text={points.text}
          part={part}
          marks={byPart[index] ?? NONE}
          quotes={byId}
          active={byPart[index]?.some(({ id }) => id === selected?.id) ? (selected?.id ?? null) : null}
          onSelect={onSelect}
        />
      ))}
    </section>
  );
}

const NONE: Mark[] = [];

interface PartProps {
  text: string;
  part: Chunk;
  marks: readonly Mark[];
  quotes: ReadonlyMap<number, Quote>;
  active: number | null;
  onSelect: (id: number) => void;
}

const Part = memo(({ text, part, marks, quotes, active, onSelect }: PartProps) => {
  return (
    <div class="text-part">
      {part.page === null ? null : <p class="page-break">Page {part.page}</p>}
      <div class="text-words">
        {segments(part.start, part.end, marks).map(({ start, end, ids }) => {
          const words = text.slice(start, end);
          const own = ids.filter((id) => id !== GAP);
          // where quotes lie over one another, a click goes to the one that is shown, else to the last
          const [id] = own.includes(active ?? -1) ? [active ?? -1] : own.slice(-1);
          const quote = id === undefined ? undefined : quotes.get(id);
          if (!quote || id === undefined) {
            return ids.includes(GAP) ? (
              <span key={start} class="gap" title="Not read">
                {words}
              </span>
            ) : (
              words
            );
          }
          const begins = own.filter((each) => marks.some((mark) => mark.id === each && mark.start === start));
          return (
            <mark
              key={start}
              {...(begins.length > 0 ? { "data-begins": begins.join(" "), tabIndex: -1 } : {})}
              class={`quote-mark ${quote.evidence.status} ${active === id ? "active" : ""}`}
              data-quote={id}
              {...(active === id ? { "aria-current": "true" } : {})}
              title={`Quote for ${quote.of}`}
              onClick={() => onSelect(id)}
              onKeyDown={(event) => event.key === "Enter" && onSelect(id)}
            >
              {words}
            </mark>
          );
        })}
      </div>
    </div>
  );
});

function marksOf(points: CodePoints, quotes: readonly Quote[], gaps: readonly Gap[]): Mark[] {
  const of = (id: number, start: number, end: number) => ({
    id,
    start: points.unit(start),
    end: points.unit(end),
  });
  const found = quotes.flatMap(({ id, evidence: { start, end } }) => {
    return start === null || end === null ? [] : [of(id, start, end)];
  });
  return [...gaps.map(({ start, end }) => of(GAP, start, end)), ...found];
}
