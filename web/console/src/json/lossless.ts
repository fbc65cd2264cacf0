/**
 * JSON whose numbers keep the way they were written: PostgreSQL keeps `12.50` as `12.50`, a number of JavaScript
 * does not, and digests are taken over the text (docs/trail.md).
 */
export class Literal {
  constructor(readonly text: string) {}

  valueOf(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }
}

export type Lossless = null | boolean | string | Literal | Lossless[] | { [key: string]: Lossless };

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;

/** Parse JSON; every number in it is a `Literal`. Throws SyntaxError. */
export function parse(text: string): Lossless {
  JSON.parse(text); // whatever is no JSON is refused by the engine's own parser
  return new Reader(text).document();
}

class Reader {
  #at = 0;
  constructor(readonly text: string) {}

  document(): Lossless {
    const value = this.#value();
    this.#take(SPACE);
    if (this.#at !== this.text.length) {
      throw new SyntaxError(`unexpected text at ${this.#at}`);
    }
    return value;
  }

  #value(): Lossless {
    this.#take(SPACE);
    switch (this.text[this.#at]) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return new Literal(this.#take(NUMBER));
    }
  }

  #object(): Lossless {
    const entries: [string, Lossless][] = [];
    this.#list("}", () => {
      this.#take(SPACE);
      const key = this.#string();
      this.#take(SPACE);
      this.#at += 1; // the colon
      entries.push([key, this.#value()]);
    });
    // `__proto__` is a key like any other
    return Object.assign(Object.create(null) as { [key: string]: Lossless }, Object.fromEntries(entries));
  }

  #array(): Lossless {
    const items: Lossless[] = [];
    this.#list("]", () => {
      items.push(this.#value());
    });
    return items;
  }

  #list(end: string, item: () => void): void {
    this.#at += 1;
    this.#take(SPACE);
    if (this.text[this.#at] === end) {
      this.#at += 1;
      return;
    }
    for (;;) {
      item();
      this.#take(SPACE);
      const mark = this.text[this.#at];
      this.#at += 1;
      if (mark === end) {
        return;
      }
    }
  }

  #string(): string {
    return JSON.parse(this.#take(STRING)) as string;
  }

  #word<T>(word: string, value: T): T {
    this.#at += word.length;
    return value;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) {
      throw new SyntaxError(`unexpected text at ${this.#at}`);
    }
    this.#at += found.length;
    return found;
  }
}

/** The same with plain numbers, for what is only shown or reckoned with. */
export function plain(value: Lossless): unknown {
  if (value instanceof Literal) {
    return value.valueOf();
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).map(([key, item]) => [key, plain(item)]);
    return Object.assign(Object.create(null) as object, Object.fromEntries(entries));
  }
  return value;
}

/** Indented JSON for people and files; keys in their order, numbers as they were read. */
export function pretty(value: Lossless, depth = 0): string {
  const inner = `\n${"  ".repeat(depth + 1)}`;
  const outer = `\n${"  ".repeat(depth)}`;
  if (Array.isArray(value) && value.length > 0) {
    return `[${inner}${value.map((item) => pretty(item, depth + 1)).join(`,${inner}`)}${outer}]`;
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const lines = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}: ${pretty(item, depth + 1)}`,
    );
    return `{${inner}${lines.join(`,${inner}`)}${outer}}`;
  }
  if (value instanceof Literal) {
    return value.text;
  }
  return isObject(value) ? "{}" : JSON.stringify(value);
}

export function isObject(value: Lossless | undefined): value is { [key: string]: Lossless } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Literal);
}
