import type { Warning } from "../api/types";

const TITLES: Record<string, string> = {
  hidden_text: "Text that a reader does not see",
  bidi_controls: "Characters that turn the direction of text",
  tag_characters: "Characters that nobody sees",
  instructions: "Words that speak to the model",
  conflict: "The document says more than one thing",
  incomplete: "Not the whole answer",
  unsupported: "No quote for this",
  unverified: "No quote of this was found",
  unusable: "An answer that cannot be used",
  evidence_left_out: "More quotes than are shown",
};

export interface Told {
  title: string;
  /** What it is about: a field, a criterion, a page. */
  about: string[];
  detail: string;
  /** Other values that the document gives. */
  others: unknown[];
}

/** Warnings in words; those that say the same are one. */
export function told(warnings: readonly Warning[]): Told[] {
  const all = new Map<string, Told>();
  for (const warning of warnings) {
    const title = TITLES[warning.code] ?? warning.code;
    const key = `${title} ${warning.detail}`;
    const one = all.get(key) ?? { title, about: [], detail: warning.detail, others: [] };
    const about = aboutOf(warning);
    if (about && !one.about.includes(about)) {
      one.about.push(about);
    }
    one.others.push(...othersOf(warning));
    all.set(key, one);
  }
  return [...all.values()];
}

function aboutOf({ field, criterion, key_point: point, page }: Warning): string | null {
  const named = field ?? criterion;
  if (typeof named === "string") {
    return named;
  }
  if (typeof point === "number") {
    return `key point ${point + 1}`;
  }
  return typeof page === "number" ? `page ${page}` : null;
}

function othersOf({ others }: Warning): unknown[] {
  const list: unknown[] = Array.isArray(others) ? others : [];
  return list.map((each) => {
    return typeof each === "object" && each !== null && "value" in each ? each.value : each;
  });
}
