import { expect, test } from "vitest";
import { chunks, segments } from "../src/text/segments";

test("marks that lie over one another cut the text where each begins and ends", () => {
  const found = segments(0, 10, [
    { id: 1, start: 2, end: 6 },
    { id: 2, start: 4, end: 8 },
  ]);
  expect(found.map(({ start, end, ids }) => [start, end, ids.join()])).toEqual([
    [0, 2, ""],
    [2, 4, "1"],
    [4, 6, "1,2"],
    [6, 8, "2"],
    [8, 10, ""],
  ]);
});

test("a mark that reaches beyond a part is cut to it, an empty one is none", () => {
  const found = segments(10, 20, [
    { id: 1, start: 5, end: 12 },
    { id: 2, start: 15, end: 15 },
    { id: 3, start: 18, end: 30 },
  ]);
  expect(found.map(({ start, end, ids }) => [start, end, ids.join()])).toEqual([
    [10, 12, "1"],
    [12, 18, ""],
    [18, 20, "3"],
  ]);
});

test("parts cover a text without gap or overlap, and begin where pages do", () => {
  const text = `${"a line of some words\n".repeat(1500)}${"word ".repeat(3000)}${"😀".repeat(9000)}`;
  const pages = [0, 7000, 7001, 40_000];
  const parts = chunks(text, pages);
  expect(parts.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
  expect(parts.filter(({ page }) => page !== null).map(({ start, page }) => [start, page])).toEqual([
    [0, 1],
    [7000, 2],
    [7001, 3],
    [40_000, 4],
  ]);
  for (const { start, end } of parts) {
    expect(end - start).toBeLessThanOrEqual(8001);
    expect(text.charCodeAt(start) >= 0xdc00 && text.charCodeAt(start) <= 0xdfff).toBe(false);
  }
});

test("an empty page has its place, and a text without pages has none", () => {
  expect(chunks("ab", [0, 2]).map(({ page }) => page)).toEqual([1, 2]);
  expect(chunks("ab", null)).toEqual([{ start: 0, end: 2, page: null }]);
  expect(chunks("", null)).toEqual([{ start: 0, end: 0, page: null }]);
});
