import type { FieldError } from "../../api/problem";
import type { Priority, Task } from "../../api/types";
import { type CriterionRow, type FieldRow, toJson } from "../../state/sets";
import { Store } from "../../state/store";

export type Keyed<T> = T & { key: number };

export interface Options {
  priority: Priority;
  fallback: "fail" | "standard";
  webhookUrl: string;
  webhookBody: "full" | "thin";
  metadata: string;
  maxCost: string;
  cancelAfter: string;
}

/** What the form holds. It stays while other views are looked at, and is gone with the page. */
export interface Draft {
  mode: "file" | "text";
  file: File | null;
  text: string;
  task: Task;
  focus: string;
  by: "fields" | "schema";
  fields: Keyed<FieldRow>[];
  criteria: Keyed<CriterionRow>[];
  schema: string;
  options: Options;
}

/** Where something is wrong: the id of the control, and what it has to be. */
export type Wrongs = Record<string, string>;

let last = 0;
export const key = () => ++last;
export const fieldRow = (row: Partial<FieldRow> = {}): Keyed<FieldRow> => {
  return { key: key(), name: "", type: "string", description: "", ...row };
};
export const criterionRow = (row: Partial<CriterionRow> = {}): Keyed<CriterionRow> => {
  return { key: key(), id: "", criterion: "", ...row };
};

const SCHEMA = `{
  "type": "object",
  "properties": {
    "effective_date": { "type": "string", "format": "date" }
  }
}`;

export function fresh(): Draft {
  return {
    mode: "file",
    file: null,
    text: "",
    task: "extract",
    focus: "",
    by: "fields",
    fields: [fieldRow()],
    criteria: [criterionRow()],
    schema: SCHEMA,
    options: {
      priority: "standard",
      fallback: "fail",
      webhookUrl: "",
      webhookBody: "full",
      metadata: "",
      maxCost: "",
      cancelAfter: "",
    },
  };
}

export const draft = new Store<Draft>(fresh());

export function change(part: Partial<Draft>): void {
  draft.set({ ...draft.value, ...part });
}

/** What is asked for of the document, ready to send but for the document itself; or what is wrong. */
export interface Built {
  body: Record<string, unknown>;
  headers: Record<string, string>;
  /** The control of each JSON Pointer into the body, for what the API says of it. */
  controls: Map<string, string>;
  wrongs: Wrongs;
}

export function build(from: Draft): Built {
  const built: Built = { body: {}, headers: {}, controls: new Map(), wrongs: {} };
  built.controls.set("/document", from.mode === "file" ? "file" : "text");
  if (from.mode === "file" ? from.file === null : from.text.trim() === "") {
    built.wrongs[from.mode] = from.mode === "file" ? "Choose a file first." : "Paste the text first.";
  }
  TASKS[from.task](from, built);
  options(from.options, built);
  return built;
}

/** How many questions the job asks: fields or criteria. */
export function questions(from: Draft): number | null {
  switch (from.task) {
    case "summarise":
      return null;
    case "evaluate":
      return from.criteria.filter((row) => row.criterion.trim()).length;
    case "extract":
      return from.by === "fields"
        ? from.fields.filter((row) => row.name.trim()).length
        : (checkSchema(from.schema).properties ?? 0);
  }
}

const TASKS: Record<Task, (from: Draft, built: Built) => void> = {
  summarise: (from, built) => {
    built.controls.set("/focus", "focus");
    if (from.focus.trim()) {
      built.body.focus = from.focus.trim();
    }
  },
  extract: (from, built) => {
    if (from.by === "schema") {
      built.controls.set("/schema", "schema");
      const { wrong, schema } = checkSchema(from.schema);
      if (wrong) {
        built.wrongs.schema = wrong;
      } else {
        built.body.schema = schema;
      }
      return;
    }
    const rows = from.fields.filter((row) => row.name.trim() || row.description.trim());
    const seen = new Set<string>();
    for (const [index, row] of rows.entries()) {
      for (const part of ["name", "type", "description"]) {
        built.controls.set(`/fields/${index}/${part}`, `field-${row.key}-${part}`);
      }
      built.controls.set(`/fields/${index}`, `field-${row.key}-name`);
      if (!row.name.trim()) {
        built.wrongs[`field-${row.key}-name`] = "Give the field a name.";
      } else if (seen.has(row.name)) {
        built.wrongs[`field-${row.key}-name`] = "An earlier field has this name.";
      }
      seen.add(row.name);
    }
    if (rows.length === 0) {
      built.wrongs[`field-${from.fields[0]?.key}-name`] = "Name at least one field.";
    }
    built.body.fields = toJson("fields", rows);
  },
  evaluate: (from, built) => {
    const rows = from.criteria.filter((row) => row.criterion.trim());
    for (const [index, row] of rows.entries()) {
      built.controls.set(`/criteria/${index}`, `criterion-${row.key}`);
      built.controls.set(`/criteria/${index}/id`, `criterion-${row.key}-id`);
    }
    if (rows.length === 0) {
      built.wrongs[`criterion-${from.criteria[0]?.key}`] = "Write at least one criterion.";
    }
    built.body.criteria = toJson("criteria", rows);
  },
};

function options(given: Options, built: Built): void {
  const { body, controls, wrongs } = built;
  for (const [pointer, control] of Object.entries(CONTROLS)) {
    controls.set(pointer, control);
  }
  if (given.priority === "economy") {
    body.priority = "economy";
    body.economy_fallback = given.fallback;
  }
  if (given.webhookUrl.trim()) {
    body.webhook_url = given.webhookUrl.trim();
    body.webhook_body = given.webhookBody;
  }
  if (given.metadata.trim()) {
    const metadata = objectOf(given.metadata);
    if (metadata === null) {
      wrongs.metadata = 'A JSON object, such as {"case": "A-17"}.';
    } else {
      body.metadata = metadata;
    }
  }
  if (given.maxCost.trim()) {
    const most = Number(given.maxCost.trim().replace(/^\$/, ""));
    if (Number.isFinite(most) && most > 0) {
      body.max_cost_usd = most;
    } else {
      wrongs["max-cost"] = "An amount in US dollars above zero, such as 0.50.";
    }
  }
  const after = given.cancelAfter.trim();
  if (after) {
    if (/^\d+\s*(s|m|h)?$/.test(after)) {
      built.headers["Cancel-After"] = after.replace(/\s/g, "");
    } else {
      wrongs["cancel-after"] = "A time such as 90s, 15m or 2h.";
    }
  }
}

const CONTROLS: Record<string, string> = {
  "/webhook_url": "webhook-url",
  "/webhook_body": "webhook-body",
  "/metadata": "metadata",
  "/max_cost_usd": "max-cost",
  "/priority": "priority",
  "/economy_fallback": "fallback",
};

/** What the API says of members of the body, at the controls that they came from; `""` has the rest. */
export function placed(errors: readonly FieldError[], controls: ReadonlyMap<string, string>): Wrongs {
  const wrongs: Wrongs = {};
  for (const { pointer, detail } of errors) {
    let at = pointer;
    while (at && !controls.has(at)) {
      at = at.slice(0, at.lastIndexOf("/"));
    }
    const control = controls.get(at) ?? "";
    const words =
      control === "schema" && pointer !== "/schema"
        ? `${pointer.replace("/schema", "") || "/"}: ${detail}`
        : detail;
    const text = control === "" ? `${pointer || "The request"}: ${words}` : words;
    wrongs[control] = wrongs[control] ? `${wrongs[control]}; ${text}` : text;
  }
  return wrongs;
}

/** A JSON Schema as it is being typed: what is wrong with it, or what it asks for. */
export function checkSchema(text: string): { wrong: string | null; schema?: object; properties?: number } {
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch (error) {
    return { wrong: `No JSON yet: ${error instanceof Error ? error.message : "it ends too early"}` };
  }
  const { type, properties } = (typeof schema === "object" && schema !== null ? schema : {}) as Record<
    string,
    unknown
  >;
  if (
    type !== "object" ||
    typeof properties !== "object" ||
    properties === null ||
    Array.isArray(properties)
  ) {
    return { wrong: 'It has to be of "type": "object" with "properties", each of which is a field.' };
  }
  const count = Object.keys(properties).length;
  if (count < 1 || count > 200) {
    return { wrong: `It has to have 1 to 200 properties; it has ${count}.` };
  }
  return { wrong: null, schema: schema as object, properties: count };
}

function objectOf(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
