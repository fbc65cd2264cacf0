import type { EvaluateResult, Evidence, ExtractResult, Job, Result, SummariseResult } from "../api/types";

/** A quote of the result, numbered in the order in which it is shown. */
export interface Quote {
  id: number;
  /** What it is a quote for. */
  of: string;
  evidence: Evidence;
}

/** One thing that the answer says, with its quotes. */
export type Claim =
  | { kind: "point"; text: string; quotes: Quote[] }
  | { kind: "field"; name: string; value: unknown; unit: string | null; quotes: Quote[] }
  | {
      kind: "criterion";
      id: string;
      criterion: string;
      verdict: "pass" | "fail";
      basis: string;
      reasoning: string;
      quotes: Quote[];
    };

/** All that the answer of a job says, in order. */
export function claimsOf(job: Pick<Job, "task" | "result">): Claim[] {
  if (job.result === null) {
    return [];
  }
  const number = numbering();
  switch (job.task) {
    case "summarise":
      return (job.result as SummariseResult).key_points.map(({ text, evidence }, index) => {
        return { kind: "point", text, quotes: number(`key point ${index + 1}`, evidence) };
      });
    case "extract": {
      const result = job.result as ExtractResult;
      const place = (name: string) => placeOf(own(result.evidence, name) ?? []);
      const fields = Object.entries(result.fields).sort(([one], [other]) => place(one) - place(other));
      return fields.map(([name, value]) => {
        const unit = own(result.units ?? {}, name) ?? null;
        return { kind: "field", name, value, unit, quotes: number(name, own(result.evidence, name) ?? []) };
      });
    }
    case "evaluate":
      return (job.result as EvaluateResult).criteria.map(({ evidence, ...rest }) => {
        return { kind: "criterion", ...rest, quotes: number(rest.id, evidence) };
      });
  }
}

/** Where the first quote stands, to put fields in the order of the document: the database keeps another one. */
function placeOf(evidence: readonly Evidence[]): number {
  const places = evidence.map(({ start, page }) => start ?? (page === null ? NOWHERE : NOWHERE / 2 + page));
  return Math.min(NOWHERE, ...places);
}

const NOWHERE = Number.MAX_SAFE_INTEGER;

export function quotesOf(claims: readonly Claim[]): Quote[] {
  return claims.flatMap((claim) => claim.quotes);
}

/** How many quotes have each status. */
export function tally(quotes: readonly Quote[]): Record<Evidence["status"], number> {
  const counts = { exact: 0, normalised: 0, not_found: 0, image: 0 };
  for (const { evidence } of quotes) {
    counts[evidence.status] += 1;
  }
  return counts;
}

export function warningsOf(result: Result | null): NonNullable<Result["warnings"]> {
  return result?.warnings ?? [];
}

function numbering(): (of: string, evidence: readonly Evidence[]) => Quote[] {
  let next = 0;
  return (of, evidence) =>
    evidence.map((each) => {
      next += 1;
      return { id: next, of, evidence: each };
    });
}

function own<T>(of: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}
