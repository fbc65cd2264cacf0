import type { FieldError } from "./generated/api.js";
import { retryAfterMs } from "./retrying.js";

/** The API refused a request (RFC 9457). `code` is stable; more codes may come. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly FieldError[];
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, said: unknown, headers: Headers) {
    const problem = isObject(said) ? said : {};
    const title = textOf(problem.title) ?? textOf(problem.message) ?? "Refused";
    const detail = textOf(problem.detail) ?? "";
    const errors = Array.isArray(problem.errors) ? problem.errors.filter(isFieldError) : [];
    const fields = errors.map((each) => `${each.pointer} ${each.detail}`).join("; ");
    super(`${status} ${title}${detail ? `: ${detail}` : ""}${fields ? ` (${fields})` : ""}`);
    this.status = status;
    this.code = textOf(problem.code) ?? "http_error";
    this.detail = detail;
    this.errors = errors;
    this.requestId = textOf(problem.request_id) ?? headers.get("x-request-id") ?? undefined;
    this.retryAfterMs = retryAfterMs(headers.get("retry-after"), Date.now());
  }
}

/** The job is not final after the time that `wait` was given. It goes on; ask again whenever you like. */
export class WaitTimeout extends Error {
  override readonly name = "WaitTimeout";
  constructor(
    readonly jobId: string,
    timeoutMs: number,
  ) {
    super(`job ${jobId} is not final after ${timeoutMs} ms: it goes on, wait for it again`);
  }
}

/** The storage behind the API refused bytes, or gave others than the API said. */
export class StorageProblem extends Error {
  override readonly name = "StorageProblem";
}

/** What an openapi-fetch call answered with; throws ApiProblem where it was refused. */
export function data<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (!answer.response.ok || answer.data === undefined) {
    throw new ApiProblem(answer.response.status, answer.error, answer.response.headers);
  }
  return answer.data;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFieldError(value: unknown): value is FieldError {
  return isObject(value) && typeof value.pointer === "string" && typeof value.detail === "string";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
