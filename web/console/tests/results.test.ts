import { expect, test } from "vitest";
import type { Evidence, ExtractResult, Job } from "../src/api/types";
import { advice } from "../src/results/advice";
import { claimsOf, quotesOf, tally } from "../src/results/claims";
import { csv } from "../src/results/csv";
import { ago, bytes, duration, inWords, shortDuration, usd } from "../src/results/format";
import { told } from "../src/results/warnings";

const quote = (words: string, status: Evidence["status"] = "exact"): Evidence => {
  return {
    quote: words,
    status,
    start: status === "not_found" ? null : 3,
    end: status === "not_found" ? null : 9,
    page: null,
  };
};
const coverage = { chars: 9, read: 9, pages: null, gaps: [] };
const extract: Pick<Job, "task" | "result"> = {
  task: "extract",
  result: {
    fields: { fee: { amount: -400, currency: "EUR" }, law: null, "=SUM(A1)": '@x, "y"' },
    evidence: {
      fee: [quote("EUR 400"), quote("a fee\nof 400", "normalised")],
      law: [],
      "=SUM(A1)": [quote("+x", "not_found")],
    },
    units: { fee: "a month" },
    coverage,
  } satisfies ExtractResult,
};

test("quotes are numbered in the order in which they are shown", () => {
  const claims = claimsOf(extract);
  expect(quotesOf(claims).map(({ id, of }) => [id, of])).toEqual([
    [1, "fee"],
    [2, "fee"],
    [3, "=SUM(A1)"],
  ]);
  expect(tally(quotesOf(claims))).toEqual({ exact: 1, normalised: 1, not_found: 1, image: 0 });
});

test("a field that is called as a member of every object has no quotes of its own", () => {
  const result = { fields: { constructor: "x" }, evidence: {}, coverage } as unknown as ExtractResult;
  expect(claimsOf({ task: "extract", result })[0]?.quotes).toEqual([]);
});

test("CSV has a line for each quote, and one for what has none", () => {
  const lines = csv(claimsOf(extract)).split("\r\n");
  expect(lines[0]).toBe("field,value,unit,quote,quote status,page,start,end");
  expect(lines[1]).toBe("fee,EUR -400,a month,EUR 400,exact,,3,9");
  expect(lines[2]).toBe('fee,EUR -400,a month,"a fee\nof 400",normalised,,3,9');
  expect(lines[3]).toBe("law,,,,,,,");
});

test("what a spreadsheet would take for a formula is text in CSV, and a number stays one", () => {
  expect(csv(claimsOf(extract)).split("\r\n")[4]).toBe('\'=SUM(A1),"\'@x, ""y""",,\'+x,not_found,,,');
  const result: ExtractResult = { fields: { loss: -12.5 }, evidence: {}, coverage };
  expect(csv(claimsOf({ task: "extract", result })).split("\r\n")[1]).toBe("loss,-12.5,,,,,,");
});

test.each([
  [" =1", "' =1"],
  ["＝1", "'＝1"],
  ["a;=1", "a;'=1"],
  ['a; "=1', '"a;\' ""=1"'],
  ["a\n=1", '"a\n\'=1"'],
  ["a; b", "a; b"],
])("also behind what parts cells elsewhere: %j", (text, cell) => {
  const result: ExtractResult = { fields: { a: text }, evidence: {}, coverage };
  expect(
    csv(claimsOf({ task: "extract", result })).slice(
      "field,value,unit,quote,quote status,page,start,end\r\na,".length,
    ),
  ).toBe(`${cell},,,,,,`);
});

test("a job without an answer claims nothing", () => {
  expect(claimsOf({ task: "evaluate", result: null })).toEqual([]);
});

test("values are written as a reader writes them", () => {
  expect([null, true, 1234.5, { amount: 1234.5, currency: "EUR" }, ["a", 2], { a: 1 }].map(inWords)).toEqual([
    "not stated",
    "yes",
    "1234.5",
    "EUR 1,234.50",
    "a; 2",
    '{"a":1}',
  ]);
});

test("small amounts keep the digits that say something", () => {
  expect([0, 0.00001, 0.0134, 0.239, 12.3456, 1234].map(usd)).toEqual([
    "$0",
    "<$0.0001",
    "$0.0134",
    "$0.239",
    "$12.35",
    "$1,234.00",
  ]);
});

test("times and sizes are rounded to what matters", () => {
  expect([0, 2.5, 100, 900, 5400].map(shortDuration)).toEqual(["0 s", "2.5 s", "100 s", "15 min", "1.5 h"]);
  expect([0.42, 8.44, 61, 7260].map(duration)).toEqual(["420 ms", "8.4 s", "1 min 1 s", "2 h 1 min"]);
  expect([12, 62_346, 209_715_200].map(bytes)).toEqual(["12 bytes", "60.9 kB", "200 MB"]);
  const now = Date.parse("2026-11-30T12:00:00Z");
  expect(
    ["2026-11-30T11:59:58Z", "2026-11-30T11:58:59Z", "2026-11-29T11:00:00Z"].map((at) => ago(at, now)),
  ).toEqual(["just now", "1 minute ago", "1 day ago"]);
});

test("warnings that say the same are one, with all that they are about", () => {
  const hidden = { code: "hidden_text", detail: "text outside of the page" };
  expect(
    told([
      { ...hidden, page: 1 },
      { ...hidden, page: 3 },
      { ...hidden, page: 3 },
      {
        code: "conflict",
        detail: "the document gives other values as well",
        field: "fee",
        others: [{ value: 5 }, { value: 6 }],
      },
      { code: "unheard", detail: "of something new", key_point: 0 },
    ]),
  ).toEqual([
    {
      title: "Text that a reader does not see",
      about: ["page 1", "page 3"],
      detail: hidden.detail,
      others: [],
    },
    {
      title: "The document says more than one thing",
      about: ["fee"],
      detail: "the document gives other values as well",
      others: [5, 6],
    },
    { title: "unheard", about: ["key point 1"], detail: "of something new", others: [] },
  ]);
});

test("every failure has advice, also one that is not known", () => {
  expect(advice("document_encrypted", false)).toMatch(/password/);
  expect(advice("model_error", true)).toMatch(/Run it again/);
  expect(advice("unheard", false)).toMatch(/tell your operator/);
});
