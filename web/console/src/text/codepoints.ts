/**
 * Offsets of the API count Unicode code points; strings of JavaScript count UTF-16 units, of which a character
 * beyond U+FFFF has two. A text without such characters needs no table.
 */
export class CodePoints {
  readonly length: number;
  /** Of every `STEP`th code point: where it begins, in UTF-16 units. Null where both counts are the same. */
  readonly #marks: Uint32Array | null;

  constructor(readonly text: string) {
    const { length, marks } = survey(text);
    this.length = length;
    this.#marks = marks;
  }

  /** The index in UTF-16 units of code point `offset`; offsets beyond either end are cut to it. */
  unit(offset: number): number {
    const wanted = Math.min(Math.max(0, Math.trunc(offset)), this.length);
    if (this.#marks === null) {
      return wanted;
    }
    let index = this.#marks[Math.floor(wanted / STEP)] ?? this.text.length;
    for (let left = wanted % STEP; left > 0 && index < this.text.length; left -= 1) {
      index += width(this.text, index);
    }
    return index;
  }

  /** The code point that begins at, or reaches over, index `unit` in UTF-16 units. */
  offset(unit: number): number {
    const wanted = Math.min(Math.max(0, Math.trunc(unit)), this.text.length);
    if (this.#marks === null) {
      return wanted;
    }
    const mark = lastAtMost(this.#marks, wanted);
    let index = this.#marks[mark] ?? 0;
    let offset = mark * STEP;
    while (index < wanted) {
      index += width(this.text, index);
      offset += index <= wanted ? 1 : 0;
    }
    return offset;
  }

  /** What stands between two code points. */
  slice(start: number, end: number): string {
    return this.text.slice(this.unit(start), this.unit(end));
  }
}

const STEP = 512;

/** How many UTF-16 units the code point at `index` takes; half of a pair on its own is one of its own. */
function width(text: string, index: number): 1 | 2 {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}

function survey(text: string): { length: number; marks: Uint32Array | null } {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) {
    return { length: text.length, marks: null };
  }
  const marks: number[] = [];
  let length = 0;
  for (let index = 0; index < text.length; index += width(text, index)) {
    if (length % STEP === 0) {
      marks.push(index);
    }
    length += 1;
  }
  return { length, marks: Uint32Array.from(marks) };
}

function lastAtMost(sorted: Uint32Array, wanted: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] ?? 0) <= wanted) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}
