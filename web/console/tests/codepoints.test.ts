import { expect, test } from "vitest";
import { CodePoints } from "../src/text/codepoints";

test("without characters beyond U+FFFF both counts are the same", () => {
  const points = new CodePoints("Höhe 5 €");
  expect([points.length, points.unit(6), points.offset(6)]).toEqual([8, 6, 6]);
});

test("a character beyond U+FFFF counts once", () => {
  const points = new CodePoints("a😀b😀c");
  expect(points.length).toBe(5);
  expect(points.slice(2, 3)).toBe("b");
  expect(points.slice(1, 4)).toBe("😀b😀");
  expect(points.offset(3)).toBe(2);
});

test("every offset of a long text leads to the code point that a plain count finds", () => {
  const text = Array.from({ length: 5000 }, (_, each) => (each % 7 === 0 ? "𝒳" : "x")).join("");
  const points = new CodePoints(text);
  const plain = [...text];
  expect(points.length).toBe(plain.length);
  for (const offset of [0, 1, 511, 512, 513, 1023, 1024, 3000, 4999]) {
    expect(points.slice(offset, offset + 1)).toBe(plain[offset]);
    expect(points.offset(points.unit(offset))).toBe(offset);
  }
  expect(points.unit(5000)).toBe(text.length);
});

test("half of a pair on its own is a code point of its own, as in Python", () => {
  const points = new CodePoints("😀\ud83d.");
  expect([points.length, points.slice(2, 3)]).toEqual([3, "."]);
});

test("offsets beyond the text are cut to it", () => {
  const points = new CodePoints("a😀");
  expect([points.unit(99), points.unit(-1), points.offset(99)]).toEqual([3, 0, 2]);
});
