import { expect, test } from "vitest";
import { fromJson, toJson } from "../src/state/sets";
import {
  build,
  checkSchema,
  criterionRow,
  type Draft,
  fieldRow,
  fresh,
  placed,
  questions,
} from "../src/views/new/draft";

const draft = (part: Partial<Draft>): Draft => ({
  ...fresh(),
  mode: "text",
  text: "The fee is EUR 400.",
  ...part,
});

test("empty rows are left out, and the API's pointers lead to the rows that are left", () => {
  const rows = [fieldRow(), fieldRow({ name: "fee", type: "money" }), fieldRow({ name: "law" })];
  const built = build(draft({ fields: rows }));
  expect(built.wrongs).toEqual({});
  expect(built.body.fields).toEqual([{ name: "fee", type: "money" }, { name: "law" }]);
  const wrongs = placed([{ pointer: "/fields/1/name", detail: "is too long" }], built.controls);
  expect(wrongs).toEqual({ [`field-${rows[2]?.key}-name`]: "is too long" });
});

test("a name that comes twice, and a field without a name, are told before anything is sent", () => {
  const rows = [fieldRow({ name: "fee" }), fieldRow({ name: "fee" }), fieldRow({ description: "what?" })];
  const { wrongs } = build(draft({ fields: rows }));
  expect(Object.keys(wrongs)).toEqual([`field-${rows[1]?.key}-name`, `field-${rows[2]?.key}-name`]);
});

test("nothing asked and no document are told", () => {
  const rows = [criterionRow()];
  expect(build(draft({ task: "evaluate", criteria: rows, text: " " })).wrongs).toEqual({
    text: "Paste the text first.",
    [`criterion-${rows[0]?.key}`]: "Write at least one criterion.",
  });
});

test("options are sent where they are set, and told where they cannot be read", () => {
  const options = {
    ...fresh().options,
    priority: "economy" as const,
    maxCost: "$0.50",
    cancelAfter: "15 m",
    metadata: '{"a":1}',
  };
  const built = build(draft({ task: "summarise", options }));
  expect(built.body).toEqual({
    priority: "economy",
    economy_fallback: "fail",
    max_cost_usd: 0.5,
    metadata: { a: 1 },
  });
  expect(built.headers).toEqual({ "Cancel-After": "15m" });
  const bad = { ...options, maxCost: "-1", cancelAfter: "soon", metadata: "[1]" };
  expect(Object.keys(build(draft({ task: "summarise", options: bad })).wrongs).sort()).toEqual([
    "cancel-after",
    "max-cost",
    "metadata",
  ]);
});

test("what the API says of a place that the form does not have is told all the same", () => {
  const built = build(draft({ fields: [fieldRow({ name: "fee" })] }));
  expect(placed([{ pointer: "/unheard/of", detail: "is unknown" }], built.controls)).toEqual({
    "": "/unheard/of: is unknown",
  });
  expect(placed([{ pointer: "/document/text", detail: "is too long" }], built.controls)).toEqual({
    text: "is too long",
  });
});

test("a schema is judged while it is typed", () => {
  expect(checkSchema('{"type": "obj').wrong).toMatch(/^No JSON yet/);
  expect(checkSchema('{"type": "array"}').wrong).toMatch(/"type": "object"/);
  expect(checkSchema('{"type": "object", "properties": {}}').wrong).toMatch(/1 to 200/);
  expect(checkSchema('{"type": "object", "properties": {"a": {}, "b": {}}}')).toMatchObject({
    wrong: null,
    properties: 2,
  });
});

test("how many questions are asked is what is estimated", () => {
  expect(questions(draft({ fields: [fieldRow({ name: "a" }), fieldRow()] }))).toBe(1);
  expect(questions(draft({ by: "schema", schema: '{"type":"object","properties":{"a":{},"b":{}}}' }))).toBe(
    2,
  );
  expect(questions(draft({ task: "summarise" }))).toBeNull();
});

test("sets go into files and come back as they were, also those of examples/", () => {
  const set = [{ name: "fee", type: "money", description: "The monthly fee" }, { name: "law" }, "vat number"];
  const rows = fromJson("fields", set);
  expect(toJson("fields", rows)).toEqual([set[0], set[1], { name: "vat number" }]);
  const criteria = [{ id: "cap", criterion: "Liability is capped" }, { criterion: "It is signed" }];
  expect(toJson("criteria", fromJson("criteria", criteria))).toEqual(criteria);
});

test.each([
  ["fields", {}, /JSON list/],
  ["fields", [{ type: "money" }], /Entry 1 has no "name"/],
  ["fields", ["a", { name: "b", type: "colour" }], /Entry 2: "type"/],
  ["criteria", [{ id: "x" }], /Entry 1 has no "criterion"/],
] as const)("a file that is no set of %s says why", (kind, json, why) => {
  expect(() => fromJson(kind, json)).toThrow(why);
});
