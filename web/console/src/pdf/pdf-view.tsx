import type { PDFDocumentProxy } from "pdfjs-dist";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Quote } from "../results/claims";
import { findAcross, findQuote, keyed } from "../text/match";
import { centre } from "../ui/scroll";
import { Page, type PageMark, type PageText } from "./page";
import { useNear, useRatio, useWidth } from "./viewport";

export interface Words {
  words: string;
  before: string;
}

interface Props {
  pdf: PDFDocumentProxy;
  quotes: readonly Quote[];
  /** What the document's text has where a quote was found, and before it on its page; null where it was not. */
  words: (quote: Quote) => Words | null;
  selected: { id: number; round: number; jump: boolean } | null;
  onSelect: (id: number) => void;
  /** The words of a quote are not in the text layer of its page. */
  onMissing: (id: number) => void;
}

/** CSS pixels of a page whose words can be read. */
const READABLE = 480;
const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

/** All pages of a PDF, of which those that are near are drawn. */
export function PdfView({ pdf, quotes, words, selected, onSelect, onMissing }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState(1);
  const width = useWidth(scroller) * zoom;
  const ratio = useRatio(pdf);
  const ready = width > 0 && ratio !== null;
  const near = useNear(scroller, pdf, ready);
  const { marks, want } = useMarks(pdf, quotes, words);
  const missing = useRef(onMissing);
  missing.current = onMissing;
  const quote = quotes.find(({ id }) => id === selected?.id);
  const page = quote?.evidence.page ?? null;

  // a page that is drawn again, when it was zoomed, does not take the reader back
  const revealed = useRef<Props["selected"]>(null);
  const reveal = useCallback(() => {
    const mark = selected?.jump ? document.getElementById(`pdf-mark-${selected.id}`) : null;
    const [box] = mark?.children ?? [];
    if (mark && box && scroller.current && revealed.current !== selected) {
      revealed.current = selected;
      centre(scroller.current, box);
      mark.focus({ preventScroll: true });
    }
  }, [selected]);

  // a quote that is selected once more is shown once more
  useEffect(() => {
    if (!selected?.jump || revealed.current === selected || page === null || quote === undefined || !ready) {
      return;
    }
    if (width < READABLE && zoom < 2) {
      setZoom(2); // on a phone the words of a whole page are too small; this is done again then
      return;
    }
    const container = scroller.current?.querySelector(`[data-page="${page}"]`);
    if (container && scroller.current && !container.querySelector(`#pdf-mark-${quote.id} > *`)) {
      scroller.current.scrollTop +=
        container.getBoundingClientRect().top - scroller.current.getBoundingClientRect().top - 12;
    }
    want(page).then((found) => {
      if (quote.evidence.status !== "image" && !found.some(({ id }) => id === quote.id)) {
        missing.current(quote.id);
      } else {
        requestAnimationFrame(reveal);
      }
    });
  }, [selected?.id, selected?.round, pdf, ready, zoom]);

  // the pages that are near have to be looked up in
  useEffect(() => {
    for (const each of near) {
      void want(each);
    }
  }, [near, want]);

  const step = (by: number) => {
    const next = ZOOMS[ZOOMS.indexOf(zoom) + by];
    if (next !== undefined) {
      place.current = (scroller.current?.scrollTop ?? 0) * (next / zoom);
      setZoom(next);
    }
  };
  // what was seen before is seen after
  const place = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (place.current !== null && scroller.current) {
      scroller.current.scrollTop = place.current;
      place.current = null;
    }
  }, [zoom]);
  return (
    <>
      <div class="zoom row">
        <button
          type="button"
          class="button quiet square"
          aria-label="Smaller"
          disabled={zoom === ZOOMS[0]}
          onClick={() => step(-1)}
        >
          −
        </button>
        <span class="small muted number">{Math.round(zoom * 100)} %</span>
        <button
          type="button"
          class="button quiet square"
          aria-label="Larger"
          disabled={zoom === ZOOMS.at(-1)}
          onClick={() => step(1)}
        >
          +
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section class="pane-scroll pdf" ref={scroller} tabIndex={0} aria-label="Pages of the document">
        {ratio === null
          ? null
          : Array.from({ length: pdf.numPages }, (_, index) => index + 1).map((number) => (
              <Page
                key={number}
                pdf={pdf}
                number={number}
                width={Math.floor(width)}
                ratio={ratio}
                near={near.has(number)}
                marks={marks.get(number) ?? NONE}
                selected={selected?.id ?? null}
                framed={quote?.evidence.status === "image" && page === number}
                onMark={onSelect}
                onDrawn={(drawn) => {
                  if (drawn === page) {
                    requestAnimationFrame(reveal);
                  }
                }}
              />
            ))}
      </section>
    </>
  );
}

const NONE: PageMark[] = [];

/** The marks of each page, looked up when the page is wanted. */
function useMarks(pdf: PDFDocumentProxy, quotes: readonly Quote[], words: Props["words"]) {
  const [marks, setMarks] = useState<ReadonlyMap<number, PageMark[]>>(new Map());
  const asked = useMemo(() => new Map<number, Promise<PageMark[]>>(), [pdf, quotes, words]);
  const texts = useMemo(() => new Map<number, Promise<PageText>>(), [pdf]);
  const want = useCallback(
    (page: number) => {
      const known = asked.get(page);
      if (known) {
        return known;
      }
      const found = lookUp(pdf, page, quotes, words, texts);
      asked.set(page, found);
      found.then((list) => list.length > 0 && setMarks((old) => new Map(old).set(page, list)));
      return found;
    },
    [pdf, quotes, words, asked, texts],
  );
  return { marks, want };
}

async function lookUp(
  pdf: PDFDocumentProxy,
  page: number,
  quotes: readonly Quote[],
  words: Props["words"],
  texts: Map<number, Promise<PageText>>,
): Promise<PageMark[]> {
  const text = await textOf(pdf, page, texts);
  const marks: PageMark[] = [];
  for (const quote of quotes) {
    const { page: begins, status } = quote.evidence;
    if (begins !== page && begins !== page - 1) {
      continue;
    }
    const found = words(quote);
    const tried = [...(found === null ? [] : [found.words]), quote.evidence.quote];
    const here = (each: string) => findQuote(text.keyed, text.strings, each, found?.before);
    let pieces = begins === page ? firstOf(tried, here) : [];
    if (pieces.length === 0 && begins !== null && begins < pdf.numPages) {
      const [one, other] = await Promise.all([textOf(pdf, begins, texts), textOf(pdf, begins + 1, texts)]);
      const side = begins === page ? 0 : 1;
      const alone = (each: string) => findQuote(one.keyed, one.strings, each).length > 0;
      pieces = tried.some(alone)
        ? []
        : firstOf(
            tried,
            (each) => findAcross(one.keyed, other.keyed, one.strings, other.strings, each)[side],
          );
    }
    if (pieces.length > 0) {
      marks.push({ id: quote.id, pieces, status, label: `Quote for ${quote.of}: ${quote.evidence.quote}` });
    }
  }
  return marks;
}

function firstOf<T>(tried: string[], find: (words: string) => T[] | undefined): T[] {
  for (const words of tried) {
    const found = find(words) ?? [];
    if (found.length > 0) {
      return found;
    }
  }
  return [];
}

function textOf(
  pdf: PDFDocumentProxy,
  page: number,
  texts: Map<number, Promise<PageText>>,
): Promise<PageText> {
  const known = texts.get(page);
  if (known) {
    return known;
  }
  const read = async (): Promise<PageText> => {
    const { items } = await (await pdf.getPage(page)).getTextContent();
    const strings = items.filter((item) => "str" in item).map((item) => item.str);
    return { strings, keyed: keyed(strings) };
  };
  const text = read().catch(() => ({ strings: [], keyed: keyed([]) }));
  texts.set(page, text);
  return text;
}
