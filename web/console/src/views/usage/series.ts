import type { Task, UsageDay } from "../../api/types";
import { TASKS } from "../../api/types";

/** One day, with a value for each task. */
export interface Column {
  day: string;
  values: Record<Task, number>;
}

export type Measure = (row: UsageDay) => number;

export const jobs: Measure = (row) => row.jobs;
export const cost: Measure = (row) => row.cost_usd;
export const tokens: Measure = (row) => {
  return row.input_tokens + row.cache_read_tokens + row.cache_write_tokens + row.output_tokens;
};
export const median: Measure = (row) => row.seconds.median ?? 0;
export const p95: Measure = (row) => row.seconds.p95 ?? 0;

/** A column for each day from `from` to `to`, also for those without jobs. Days are YYYY-MM-DD, in UTC. */
export function columns(rows: readonly UsageDay[], from: string, to: string, measure: Measure): Column[] {
  const found = new Map(rows.map((row) => [`${row.day} ${row.task}`, measure(row)]));
  return daysBetween(from, to).map((day) => {
    const values = Object.fromEntries(TASKS.map((task) => [task, found.get(`${day} ${task}`) ?? 0]));
    return { day, values: values as Record<Task, number> };
  });
}

export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += DAY_MS) {
    days.push(dayOf(at));
  }
  return days;
}

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function total(rows: readonly UsageDay[], measure: Measure): number {
  return rows.reduce((sum, row) => sum + measure(row), 0);
}

export const DAY_MS = 86_400_000;

/** Round values for the lines of a scale from 0 to `most`, six at most; `least` is what two are apart at least. */
export function ticks(most: number, least = 0): number[] {
  if (!(most > 0)) {
    return [0];
  }
  const rough = Math.max(most / 4, least);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? 10 * power;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
