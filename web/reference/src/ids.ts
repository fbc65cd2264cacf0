/** The names of ids that calls take in their paths. */
export const ID_NAMES = ["job_id", "document_id", "delivery_id"] as const;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The ids that an answer's text names: its own, or those of the first entry of a list in it. */
export function idsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return found; // a page, or nothing
  }
  if (typeof answer !== "object" || answer === null) {
    return found;
  }
  const lists = Object.values(answer).filter(Array.isArray);
  for (const one of [answer, ...lists.map((list: unknown[]) => list[0])]) {
    for (const name of ID_NAMES) {
      const id: unknown =
        one === null || one === undefined ? undefined : (one as Record<string, unknown>)[name];
      if (typeof id === "string" && UUID.test(id) && !found.has(name)) {
        found.set(name, id);
      }
    }
  }
  return found;
}
