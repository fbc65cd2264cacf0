import { isObject, Literal, type Lossless } from "./lossless";

const UTF8 = new TextEncoder();
// jsonb's numbers are PostgreSQL's `numeric`: at most this many digits before and after the point.
const MOST_BEFORE = 131_072;
const MOST_AFTER = 16_383;
const SHORT: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** `value` as PostgreSQL's `jsonb` writes it: the text that hashes and digests are taken over. */
export function canonical(value: Lossless): string {
  if (value instanceof Literal) {
    return numeric(value.text);
  }
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(", ")}]`;
  }
  if (isObject(value)) {
    const keys = Object.keys(value).map((key) => ({ key, bytes: UTF8.encode(key) }));
    keys.sort((one, other) => compare(one.bytes, other.bytes));
    return `{${keys.map(({ key }) => `${quoted(key)}: ${canonical(value[key] ?? null)}`).join(", ")}}`;
  }
  return typeof value === "string" ? quoted(value) : String(value);
}

/** jsonb compares the length first: "b" stands before "aa". */
function compare(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) {
    return one.length - other.length;
  }
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (char) => {
    return SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** A number as `numeric` prints it: no exponent, no negative zero, zeros at the end kept. */
export function numeric(literal: string): string {
  if (!/e/i.test(literal) && !literal.startsWith("-0")) {
    return literal;
  }
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (parts === null) {
    return literal;
  }
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const after = fraction.length - Number(exponent);
  const zero = /^0*$/.test(digits);
  const adjusted = point - 1 - (/^0*/.exec(digits)?.[0].length ?? 0);
  // Outside of what `numeric` holds nothing was ever stored, and writing it out could fill the memory.
  if ((!zero && adjusted > MOST_BEFORE) || after > MOST_AFTER || !Number.isSafeInteger(point)) {
    return literal;
  }
  const padded = digits.padStart(digits.length + Math.max(0, 1 - point), "0");
  const split = Math.max(point, 1);
  const left = padded
    .slice(0, split)
    .padEnd(split, "0")
    .replace(/^0+(?=\d)/, "");
  const right = after > 0 ? padded.slice(-after) : "";
  return `${zero ? "" : sign}${zero ? "0" : left}${right ? `.${right}` : ""}`;
}
