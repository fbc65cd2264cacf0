const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 12 });
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function number(value: number): string {
  return NUMBER.format(value);
}

/** 12,345 as it is, 1.2M where it is long. */
export function compact(value: number): string {
  return Math.abs(value) < 10_000 ? NUMBER.format(Math.round(value * 10) / 10) : COMPACT.format(value);
}

/** US dollars: cents, or as many digits as a small amount needs to say something. */
export function usd(value: number): string {
  if (value === 0) {
    return "$0";
  }
  if (Math.abs(value) < 0.0001) {
    return value < 0 ? "-$0.0001" : "<$0.0001";
  }
  const digits = Math.abs(value) >= 1 ? 2 : Math.abs(value) >= 0.1 ? 3 : 4;
  const text = Math.abs(value).toLocaleString("en", {
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  });
  return `${value < 0 ? "-" : ""}$${text}`;
}

export function bytes(value: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  let amount = value;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds === 0) {
    return "0 s";
  }
  if (seconds < 1) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 60) {
    return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  }
  const hours = Math.floor(seconds / 3600);
  return `${hours} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** The same in one unit, for a scale. */
export function shortDuration(seconds: number): string {
  const units: [number, string][] = [
    [3600, "h"],
    [600, "min"],
  ];
  const [size, unit] = units.find(([least]) => seconds >= least) ?? [1, "s"];
  return `${number(Math.round((seconds / (unit === "min" ? 60 : size)) * 100) / 100)} ${unit}`;
}

/** Seconds between two times; null where one is missing. */
export function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : (Date.parse(to) - Date.parse(from)) / 1000;
}

const DAY_TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const SHORT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

export function moment(at: string): string {
  return DAY_TIME.format(new Date(at));
}

function shortMoment(at: string): string {
  return SHORT.format(new Date(at));
}

/** How long ago, roughly. */
export function ago(at: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  const steps: [number, string][] = [
    [60, "second"],
    [60, "minute"],
    [24, "hour"],
    [7, "day"],
  ];
  if (seconds < 5) {
    return "just now";
  }
  let amount = seconds;
  for (const [size, unit] of steps) {
    if (amount < size) {
      const whole = Math.floor(amount);
      return `${whole} ${unit}${whole === 1 ? "" : "s"} ago`;
    }
    amount /= size;
  }
  return shortMoment(at);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** A value of a field as one line of text. */
export function inWords(value: unknown): string {
  if (value === null || value === undefined) {
    return "not stated";
  }
  if (isMoney(value)) {
    return `${value.currency ? `${value.currency} ` : ""}${amount(value.amount)}`;
  }
  if (typeof value === "number") {
    return String(value);
  }
  if (typeof value === "boolean") {
    return value ? "yes" : "no";
  }
  if (Array.isArray(value)) {
    return value.map(inWords).join("; ");
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function isMoney(value: unknown): value is { amount: number; currency: string | null } {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const keys = Object.keys(value).sort().join();
  return keys === "amount,currency" && typeof (value as { amount: unknown }).amount === "number";
}

/** An amount of money with its thousands apart, and its cents where there are any. */
export function amount(value: number): string {
  const whole = Number.isInteger(value);
  return value.toLocaleString("en", { minimumFractionDigits: whole ? 0 : 2, maximumFractionDigits: 12 });
}
