import { expect, test } from "vitest";
import { canonical } from "../src/json/canonical";
import { Literal, parse, plain, pretty } from "../src/json/lossless";

// as client/jsontext.py writes them, which is held against PostgreSQL
const NUMBERS: [string, string][] = [
  ["12.50", "12.50"],
  ["1e3", "1000"],
  ["1.5E-3", "0.0015"],
  ["-0", "0"],
  ["-0.00", "0.00"],
  ["1E+2", "100"],
  ["123456789012345678901", "123456789012345678901"],
  ["0.1e1", "1"],
  ["12e-1", "1.2"],
  ["-1.20e2", "-120"],
  ["100e-2", "1.00"],
  ["1e-7", "0.0000001"],
  ["0e5", "0"],
  ["1.23456e3", "1234.56"],
];

test.each(NUMBERS)("%s is written as numeric prints it", (literal, wanted) => {
  expect(canonical(parse(literal))).toBe(wanted);
});

test("a number beyond what numeric holds is left as it is, and fills no memory", () => {
  expect(canonical(new Literal("1e999999999"))).toBe("1e999999999");
});

test("keys are sorted by their length in UTF-8, then by bytes", () => {
  expect(canonical(parse('{"b":1,"aa":2,"a":{"é":null},"é":[]}'))).toBe(
    '{"a": {"é": null}, "b": 1, "aa": 2, "é": []}',
  );
});

test("strings are escaped as jsonb escapes them", () => {
  expect(canonical(parse('"\\u0007 \\u2028 \\/ \\t é \\"\\\\"'))).toBe('"\\u0007 \u2028 / \\t é \\"\\\\"');
});

test("numbers keep the way they were written, also in what is saved", () => {
  const value = parse('{"amount": 12.50, "big": 12345678901234567890, "list": [1, {}], "empty": []}');
  expect(pretty(value)).toBe(
    '{\n  "amount": 12.50,\n  "big": 12345678901234567890,\n  "list": [\n    1,\n    {}\n  ],\n  "empty": []\n}',
  );
  expect(plain(value)).toEqual({
    amount: 12.5,
    big: Number("12345678901234567890"),
    list: [1, {}],
    empty: [],
  });
});

test("a key that JavaScript has a meaning for is a key like any other", () => {
  const value = parse('{"__proto__": {"polluted": true}, "constructor": 1}');
  expect(canonical(value)).toBe('{"__proto__": {"polluted": true}, "constructor": 1}');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test.each(["", "{", "01", "1 2", '{"a":}', "nul", '"\t"', "[1,]"])("%j is no JSON", (text) => {
  expect(() => parse(text)).toThrow(SyntaxError);
});
