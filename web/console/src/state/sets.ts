import * as kept from "./kept";

/** A row of the form; `type` and `description` are a field's, `id` a criterion's. */
export interface FieldRow {
  name: string;
  type: string;
  description: string;
}

export interface CriterionRow {
  id: string;
  criterion: string;
}

export type Kind = "fields" | "criteria";
export interface Rows {
  fields: FieldRow[];
  criteria: CriterionRow[];
}

export const FIELD_TYPES = [
  "string",
  "number",
  "integer",
  "boolean",
  "date",
  "money",
  "list",
  "object",
] as const;

/** The names of the sets that this browser keeps. */
export function names(kind: Kind): string[] {
  return Object.keys(all(kind)).sort((one, other) => one.localeCompare(other));
}

export function load<K extends Kind>(kind: K, name: string): Rows[K] | null {
  const saved = all(kind)[name];
  return saved === undefined ? null : fromJson(kind, saved);
}

/** Whether it could be kept. */
export function save<K extends Kind>(kind: K, name: string, rows: Rows[K]): boolean {
  return store(kind, { ...all(kind), [name]: toJson(kind, rows) });
}

export function remove(kind: Kind, name: string): void {
  const { [name]: _, ...others } = all(kind);
  store(kind, others);
}

/** The rows as the API takes them, and as files of `examples/` hold them. */
export function toJson<K extends Kind>(kind: K, rows: Rows[K]): unknown[] {
  if (kind === "fields") {
    return (rows as FieldRow[]).map(({ name, type, description }) => ({
      name,
      ...(type === "string" ? {} : { type }),
      ...(description ? { description } : {}),
    }));
  }
  return (rows as CriterionRow[]).map(({ id, criterion }) => ({ ...(id ? { id } : {}), criterion }));
}

/** Rows of a set in JSON. Throws SyntaxError with what is wrong, in words for the reader. */
export function fromJson<K extends Kind>(kind: K, json: unknown): Rows[K] {
  if (!Array.isArray(json) || json.length === 0) {
    throw new SyntaxError(`A set of ${kind} is a JSON list with at least one entry.`);
  }
  const rows = json.map((entry, index) =>
    kind === "fields" ? field(entry, index) : criterion(entry, index),
  );
  return rows as Rows[K];
}

function field(entry: unknown, index: number): FieldRow {
  const { name, type = "string", description } = object(typeof entry === "string" ? { name: entry } : entry);
  if (typeof name !== "string" || !name.trim()) {
    throw new SyntaxError(`Entry ${index + 1} has no "name".`);
  }
  if (!(FIELD_TYPES as readonly unknown[]).includes(type)) {
    throw new SyntaxError(`Entry ${index + 1}: "type" has to be one of ${FIELD_TYPES.join(", ")}.`);
  }
  return { name, type: String(type), description: typeof description === "string" ? description : "" };
}

function criterion(entry: unknown, index: number): CriterionRow {
  const { id, criterion: words } = object(typeof entry === "string" ? { criterion: entry } : entry);
  if (typeof words !== "string" || !words.trim()) {
    throw new SyntaxError(`Entry ${index + 1} has no "criterion".`);
  }
  return { id: typeof id === "string" ? id : "", criterion: words };
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function all(kind: Kind): Record<string, unknown> {
  try {
    const saved: unknown = JSON.parse(kept.read(kept.local, `claimcheck.sets.${kind}`) ?? "{}");
    return object(saved);
  } catch {
    return {};
  }
}

function store(kind: Kind, sets: Record<string, unknown>): boolean {
  return kept.write(kept.local, `claimcheck.sets.${kind}`, JSON.stringify(sets));
}
