import { expect, test } from "vitest";
import type { UsageDay } from "../src/api/types";
import { columns, cost, daysBetween, ticks, total } from "../src/views/usage/series";

const day = (of: string, task: UsageDay["task"], cost_usd: number) =>
  ({ day: of, task, cost_usd }) as UsageDay;

test("days without jobs have their place, also over the end of a month", () => {
  expect(daysBetween("2026-02-27", "2026-03-02")).toEqual([
    "2026-02-27",
    "2026-02-28",
    "2026-03-01",
    "2026-03-02",
  ]);
  const rows = [day("2026-03-01", "extract", 0.5), day("2026-03-01", "evaluate", 0.25)];
  expect(columns(rows, "2026-02-28", "2026-03-01", cost)).toEqual([
    { day: "2026-02-28", values: { summarise: 0, extract: 0, evaluate: 0 } },
    { day: "2026-03-01", values: { summarise: 0, extract: 0.5, evaluate: 0.25 } },
  ]);
  expect(total(rows, cost)).toBe(0.75);
});

test("a scale has round steps, and reaches over the highest value", () => {
  expect(ticks(0)).toEqual([0]);
  expect(ticks(1, 1)).toEqual([0, 1]);
  expect(ticks(7, 1)).toEqual([0, 2, 4, 6, 8]);
  expect(ticks(0.03)).toEqual([0, 0.01, 0.02, 0.03]);
  for (const most of [0.0007, 3.2, 19, 99, 12_345]) {
    const scale = ticks(most);
    expect(scale.at(-1)).toBeGreaterThanOrEqual(most);
    expect(scale.length).toBeLessThanOrEqual(6);
  }
});
