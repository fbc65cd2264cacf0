/** A mark over a text, in UTF-16 units; `id` says which quote it is of. */
export interface Mark {
  id: number;
  start: number;
  end: number;
}

/** A stretch of text under the same marks. */
export interface Segment {
  start: number;
  end: number;
  ids: number[];
}

/** A part of a text that is laid out by itself. */
export interface Chunk {
  start: number;
  end: number;
  /** Counted from 1; the page that begins with this chunk, else null. */
  page: number | null;
}

const CHUNK = 4000;

/** Cut [start, end) where marks begin and end, so that overlapping ones need no nesting. */
export function segments(start: number, end: number, marks: readonly Mark[]): Segment[] {
  const within = marks.filter((mark) => mark.start < end && mark.end > start && mark.end > mark.start);
  const cuts = new Set([start, end]);
  for (const mark of within) {
    cuts.add(Math.max(start, mark.start));
    cuts.add(Math.min(end, mark.end));
  }
  const sorted = [...cuts].sort((one, other) => one - other);
  const found: Segment[] = [];
  for (const [index, from] of sorted.slice(0, -1).entries()) {
    const to = sorted[index + 1] ?? end;
    const ids = within.filter((mark) => mark.start < to && mark.end > from).map((mark) => mark.id);
    found.push({ start: from, end: to, ids });
  }
  return found;
}

/**
 * Cut a text into parts that a browser can lay out one by one: at page starts (UTF-16 units), and in between at a
 * line's end, else at a space, never within a surrogate pair.
 */
export function chunks(text: string, pageStarts: readonly number[] | null): Chunk[] {
  const starts = pageStarts && pageStarts.length > 0 ? pageStarts : [0];
  const found: Chunk[] = [];
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? text.length;
    let from = start;
    do {
      const to = end - from <= CHUNK * 1.5 ? end : cut(text, from + CHUNK, end);
      found.push({ start: from, end: to, page: pageStarts && from === start ? index + 1 : null });
      from = to;
    } while (from < end);
  }
  return found;
}

function cut(text: string, wanted: number, end: number): number {
  for (const mark of ["\n", " "]) {
    const at = text.indexOf(mark, wanted);
    if (at >= 0 && at < Math.min(end, wanted + CHUNK)) {
      return at + 1;
    }
  }
  const code = text.charCodeAt(wanted);
  return code >= 0xdc00 && code <= 0xdfff ? wanted + 1 : wanted;
}
