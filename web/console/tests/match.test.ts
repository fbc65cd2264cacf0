import { expect, test } from "vitest";
import { findAcross, findQuote, keyed } from "../src/text/match";

const find = (strings: string[], quote: string) => {
  return findQuote(keyed(strings), strings, quote).map(({ item, start, end }) =>
    strings[item]?.slice(start, end),
  );
};

test("a quote over several lines has a piece in each", () => {
  const strings = ["The monthly", " fee is EUR 400.", "", "It is payable"];
  expect(find(strings, "monthly fee is EUR 400")).toEqual(["monthly", "fee is EUR 400"]);
});

test("white space, hyphens at a line's end, quotation marks and case make no difference", () => {
  expect(find(["the agree-", "ment (the “Term”)"], 'The agreement (the "term")')).toEqual([
    "the agree",
    "ment (the “Term",
  ]);
});

test("ligatures and full-width letters are the letters they stand for", () => {
  expect(find(["the ﬁrst oﬃce"], "first office")).toEqual(["ﬁrst oﬃce"]);
  expect(find(["ＡＢＣ 株式会社"], "ABC株式会社")).toEqual(["ＡＢＣ 株式会社"]);
});

test("a composed letter and its parts are one", () => {
  expect(find(["Mu\u0308nchen"], "München")).toEqual(["Mu\u0308nchen"]);
  expect(find(["München GmbH"], "Mu\u0308nchen")).toEqual(["München"]);
});

test("characters of two units are cut whole", () => {
  expect(find(["a 𝒳 b"], "𝒳")).toEqual(["𝒳"]);
});

test("what stands on both sides of an ellipsis is marked, and what is left out is not", () => {
  expect(
    find(["The fee is due on time or else it bears interest."], "The fee is due […] bears interest"),
  ).toEqual(["The fee is due", "bears interest"]);
});

test("another number is not the quote", () => {
  expect(find(["The fee is EUR 400."], "The fee is EUR 500")).toEqual([]);
});

test("of the same words the ones are marked that the quote was found at", () => {
  const page = ["Deposit: EUR 4,000.", "Rent: EUR 400.", "Late fee: EUR 400."];
  const at = (before: string) => findQuote(keyed(page), page, "EUR 400", before).map(({ item }) => item);
  expect(at("Deposit: EUR 4,000.\nRent: ")).toEqual([1]);
  expect(at("Deposit: EUR 4,000.\nRent: EUR 400.\nLate fee: ")).toEqual([2]);
  // a layer that has them less often than the text
  expect(at("EUR 400 ".repeat(9))).toEqual([0]);
});

test("a page without text has no quote, and a quote of signs alone stands nowhere", () => {
  expect(find([], "fee")).toEqual([]);
  expect(find(["The fee."], "…")).toEqual([]);
});

test("a quote that goes on overleaf is marked on both pages, past footer and header", () => {
  const one = ["It ends when", "the notice", "Page 3"];
  const two = ["Master Services Agreement", "period has run out."];
  const [before, after] = findAcross(keyed(one), keyed(two), one, two, "when the notice period has run out");
  expect(before.map(({ item, start, end }) => one[item]?.slice(start, end))).toEqual(["when", "the notice"]);
  expect(after.map(({ item, start, end }) => two[item]?.slice(start, end))).toEqual(["period has run out"]);
});

test("halves that stand in the middle of two pages are no quote overleaf", () => {
  const filler = "x".repeat(400);
  const one = ["the notice", filler];
  const two = ["period has run out."];
  expect(findAcross(keyed(one), keyed(two), one, two, "the notice period has run out")).toEqual([[], []]);
});

test("the signs that a quote begins and ends with are marked with it", () => {
  expect(find(["It says: “the fee is due.” And more."], "“the fee is due.”")).toEqual(["“the fee is due.”"]);
  expect(find(["The fee is due. More."], "The fee is due")).toEqual(["The fee is due"]);
});
