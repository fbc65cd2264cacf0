import { type PDFDocumentProxy, type PDFPageProxy, TextLayer } from "pdfjs-dist";
import { useEffect, useRef, useState } from "preact/hooks";
import type { keyed, Piece } from "../text/match";

/** The text of a page as pdf.js has it, and how it is looked up in. */
export interface PageText {
  strings: string[];
  keyed: ReturnType<typeof keyed>;
}

/** A rectangle over a page, in parts of its width and height. */
interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface PageMark {
  id: number;
  pieces: Piece[];
  status: string;
  label: string;
}

interface Props {
  pdf: PDFDocumentProxy;
  number: number;
  /** CSS pixels; its height follows from the page. */
  width: number;
  /** Height by width, before the page itself is known. */
  ratio: number;
  near: boolean;
  marks: readonly PageMark[];
  selected: number | null;
  /** The page was read off its image, for a quote that is selected. */
  framed: boolean;
  onMark: (id: number) => void;
  onDrawn: (number: number) => void;
}

/** A page: drawn when it is near what is seen, with its text over it, and marks between the two. */
export function Page(props: Props) {
  const { pdf, number, width, near } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const [ratio, setRatio] = useState(props.ratio);
  const [divs, setDivs] = useState<HTMLElement[] | null>(null);
  useEffect(() => {
    if (!near || width <= 0) {
      return;
    }
    const stop = new AbortController();
    const draw = async () => {
      const page = await pdf.getPage(number);
      const size = page.getViewport({ scale: 1 });
      const scale = width / size.width;
      if (!stop.signal.aborted && canvas.current && layer.current) {
        setRatio(size.height / size.width);
        setDivs(await drawPage(page, scale, canvas.current, layer.current, stop.signal));
      }
    };
    draw().catch(() => undefined); // a page that cannot be drawn stays white; the text view has its text
    return () => {
      stop.abort();
      setDivs(null);
    };
  }, [pdf, number, width, near]);
  return (
    <section
      class={`pdf-page ${props.framed ? "framed" : ""}`}
      data-page={number}
      aria-busy={near && divs === null}
      aria-label={`Page ${number}`}
      style={{ inlineSize: `${width}px`, blockSize: `${Math.round(width * ratio)}px` }}
    >
      {near ? (
        <>
          <canvas ref={canvas} />
          <Marks {...props} divs={divs} />
          <div ref={layer} class="textLayer" />
        </>
      ) : null}
      <span class="pdf-number" aria-hidden="true">
        {number}
      </span>
    </section>
  );
}

async function drawPage(
  page: PDFPageProxy,
  scale: number,
  canvas: HTMLCanvasElement,
  layer: HTMLDivElement,
  signal: AbortSignal,
): Promise<HTMLElement[]> {
  const viewport = page.getViewport({ scale });
  const density = Math.min(globalThis.devicePixelRatio || 1, 2);
  canvas.width = Math.floor(viewport.width * density);
  canvas.height = Math.floor(viewport.height * density);
  layer.replaceChildren();
  layer.parentElement?.style.setProperty("--total-scale-factor", String(scale));
  const transform = density === 1 ? {} : { transform: [density, 0, 0, density, 0, 0] };
  const rendering = page.render({ canvas, viewport, ...transform });
  const text = new TextLayer({ textContentSource: page.streamTextContent(), container: layer, viewport });
  signal.addEventListener(
    "abort",
    () => {
      rendering.cancel();
      text.cancel();
    },
    { once: true },
  );
  await Promise.all([rendering.promise, text.render()]);
  return text.textDivs;
}

/** Boxes over the words of each quote. They lie under the text, which stays selectable; a click goes to the quote. */
function Marks({ number, marks, divs, selected, onMark, onDrawn }: Props & { divs: HTMLElement[] | null }) {
  const place = useRef<HTMLDivElement>(null);
  const [boxes, setBoxes] = useState<Map<number, Box[]>>(new Map());
  useEffect(() => {
    const frame = place.current?.getBoundingClientRect();
    if (divs && frame && frame.width > 0) {
      setBoxes(
        new Map(marks.map((mark) => [mark.id, mark.pieces.flatMap((piece) => boxesOf(piece, divs, frame))])),
      );
    }
  }, [marks, divs]);
  const chosen = useRef(onMark);
  chosen.current = onMark;
  useEffect(() => {
    // the words lie over the marks, so that they can be selected: a press on them is looked for below
    const page = place.current?.parentElement;
    const press = ({ clientX, clientY }: MouseEvent) => {
      const mark = document
        .elementsFromPoint(clientX, clientY)
        .find((each) => each.parentElement?.matches(".pdf-mark"));
      if (mark instanceof HTMLElement && String(getSelection()) === "") {
        chosen.current(Number(mark.parentElement?.dataset.quote));
      }
    };
    page?.addEventListener("click", press);
    return () => page?.removeEventListener("click", press);
  }, []);
  const drawn = useRef(onDrawn);
  drawn.current = onDrawn;
  useEffect(() => {
    if (divs) {
      drawn.current(number);
    }
  }, [number, divs, boxes]);
  return (
    <div ref={place} class="pdf-marks">
      {divs
        ? marks.map(({ id, status, label }) => (
            <div
              key={id}
              id={`pdf-mark-${id}`}
              class={`pdf-mark ${status} ${selected === id ? "active" : ""}`}
              role="note"
              aria-label={label}
              tabIndex={-1}
              data-quote={id}
              style={percent(around(boxes.get(id) ?? []))}
              {...(selected === id ? { "aria-current": "true" } : {})}
              onKeyDown={(event) => event.key === "Enter" && onMark(id)}
            >
              {(boxes.get(id) ?? []).map((box) => (
                <span
                  key={`${box.left} ${box.top}`}
                  style={percent(within(box, around(boxes.get(id) ?? [])))}
                />
              ))}
            </div>
          ))
        : null}
    </div>
  );
}

function boxesOf(piece: Piece, divs: HTMLElement[], frame: DOMRect): Box[] {
  const text = divs[piece.item]?.firstChild;
  if (!(text instanceof Text)) {
    return [];
  }
  const range = document.createRange();
  range.setStart(text, Math.min(piece.start, text.length));
  range.setEnd(text, Math.min(piece.end, text.length));
  return [...range.getClientRects()].map((rect) => ({
    left: (rect.left - frame.left) / frame.width,
    top: (rect.top - frame.top) / frame.height,
    width: rect.width / frame.width,
    height: rect.height / frame.height,
  }));
}

/** The smallest box that has all of them. */
function around(boxes: readonly Box[]): Box {
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const right = Math.max(...boxes.map((box) => box.left + box.width));
  const bottom = Math.max(...boxes.map((box) => box.top + box.height));
  return boxes.length === 0 ? NO_BOX : { left, top, width: right - left, height: bottom - top };
}

const NO_BOX: Box = { left: 0, top: 0, width: 0, height: 0 };

function within(box: Box, outer: Box): Box {
  return {
    left: (box.left - outer.left) / outer.width,
    top: (box.top - outer.top) / outer.height,
    width: box.width / outer.width,
    height: box.height / outer.height,
  };
}

function percent({ left, top, width, height }: Box) {
  const of = (part: number) => `${(part * 100).toFixed(3)}%`;
  return { left: of(left), top: of(top), width: of(width), height: of(height) };
}
