/**
 * A quote in the text layer of PDF pages. pdf.js and the service (pdfium) write white space, hyphens and ligatures
 * differently, so only letters, digits, marks and symbols are compared. What was found by the service is looked up
 * again here for its place on the page alone; where it cannot be found, the text view shows it.
 */
export interface Piece {
  /** Which string of the page's text layer, and the UTF-16 units in it. */
  item: number;
  start: number;
  end: number;
}

export interface Keyed {
  key: string;
  /** For each unit of `key`: which item it comes from, and which unit of it. */
  items: Uint32Array;
  units: Uint32Array;
}

const KEPT = /[\p{L}\p{N}\p{M}\p{S}%&@#*]/u;
const SHORTEST = 3;

/** What is left of a page's strings without white space, punctuation and case, with the way back. */
export function keyed(strings: readonly string[]): Keyed {
  let key = "";
  const items: number[] = [];
  const units: number[] = [];
  for (const [item, string] of strings.entries()) {
    let unit = 0;
    for (const char of string) {
      // ligatures, full-width letters and presentation forms are several or other letters on one of both sides
      for (const part of char.normalize("NFKD").toLowerCase()) {
        if (KEPT.test(part)) {
          key += part;
          for (let each = 0; each < part.length; each += 1) {
            items.push(item);
            units.push(unit);
          }
        }
      }
      unit += char.length;
    }
  }
  return { key, items: Uint32Array.from(items), units: Uint32Array.from(units) };
}

/**
 * Where `quote` stands on a page: a piece for each string that it touches; empty where it does not. `before` is what
 * the document's text has on that page before the quote: the same words may stand there as well, and are not it.
 */
export function findQuote(page: Keyed, strings: readonly string[], quote: string, before = ""): Piece[] {
  const pieces: Piece[] = [];
  const [first = "", ...rest] = parts(quote);
  const places = placesOf(first, page.key);
  let from = places[placesOf(first, keyed([before]).key).length] ?? places[0] ?? page.key.length;
  for (const part of first === "" ? [] : [first, ...rest]) {
    const at = page.key.indexOf(part, from);
    if (at < 0) {
      return pieces;
    }
    pieces.push(...spans(page, strings, at, at + part.length));
    from = at + part.length;
  }
  return withSigns(pieces, strings, quote);
}

function placesOf(part: string, key: string): number[] {
  const places: number[] = [];
  for (let at = part === "" ? -1 : key.indexOf(part); at >= 0; at = key.indexOf(part, at + 1)) {
    places.push(at);
  }
  return places;
}

/** With the signs that the quote begins and ends with: a full stop, quotation marks, brackets. */
function withSigns(pieces: Piece[], strings: readonly string[], quote: string): Piece[] {
  const [first] = pieces;
  const last = pieces.at(-1);
  if (first && last) {
    const before = /^[^\p{L}\p{N}\s]{1,3}/u.exec(quote)?.[0] ?? "";
    const after = /[^\p{L}\p{N}\s]{1,3}$/u.exec(quote)?.[0] ?? "";
    const line = strings[last.item] ?? "";
    first.start -= (strings[first.item] ?? "").slice(0, first.start).endsWith(before) ? before.length : 0;
    last.end += line.startsWith(after, last.end) ? after.length : 0;
  }
  return pieces;
}

/**
 * Where a quote stands that begins on one page and ends on the next: its longest beginning at the end of `page`,
 * and the rest at the start of `next`. Either may be empty.
 */
export function findAcross(
  page: Keyed,
  next: Keyed,
  strings: readonly string[],
  nextStrings: readonly string[],
  quote: string,
): [Piece[], Piece[]] {
  const words = quote.split(/\s+/u).map((word) => parts(word).join(""));
  const key = words.join("");
  // pages break between words; within one, a letter of the footer could be taken for the quote's
  for (let count = words.length - 1; count > 0; count -= 1) {
    const cut = words.slice(0, count).join("").length;
    if (cut < SHORTEST || key.length - cut < SHORTEST) {
      continue;
    }
    const before = page.key.lastIndexOf(key.slice(0, cut));
    const after = before < 0 ? -1 : next.key.indexOf(key.slice(cut));
    // between the two stand a footer and a header at most
    if (after >= 0 && page.key.length - before - cut < FURNITURE && after < FURNITURE) {
      return [
        spans(page, strings, before, before + cut),
        spans(next, nextStrings, after, after + key.length - cut),
      ];
    }
  }
  return [[], []];
}

const FURNITURE = 300;

/** The keys of what stands between a quote's ellipses. */
function parts(quote: string): string[] {
  const pieces = quote.split(/\[?(?:…|\.\s?\.\s?\.)\]?/u).map((piece) => keyed([piece]).key);
  return pieces.filter((piece) => piece.length > 0);
}

function spans(page: Keyed, strings: readonly string[], from: number, to: number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = from; at < to; at += 1) {
    const item = page.items[at] ?? 0;
    const unit = page.units[at] ?? 0;
    const end = unit + (((strings[item] ?? "").codePointAt(unit) ?? 0) > 0xffff ? 2 : 1);
    const last = pieces.at(-1);
    if (last && last.item === item) {
      last.end = Math.max(last.end, end);
    } else {
      pieces.push({ item, start: unit, end });
    }
  }
  return pieces;
}
