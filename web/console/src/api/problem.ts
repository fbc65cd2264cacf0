export interface FieldError {
  pointer: string;
  detail: string;
}

/** An answer of the API that says what is wrong (RFC 9457). */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly requestId: string | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
  }
}

/** No answer came: the network, a proxy, or a service that is being started. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

/** What an error says to the reader, in one or two sentences. */
export function messageOf(error: unknown): string {
  if (error instanceof Problem) {
    return error.detail;
  }
  if (error instanceof Unreachable) {
    return error.message;
  }
  if (error instanceof TypeError && /import|module/i.test(error.message)) {
    return "A part of this page could not be loaded. Check the connection, and load the page again.";
  }
  return error instanceof Error && error.message ? error.message : "Something went wrong in this page.";
}

/** The scope that a key lacks; null where that is not what is wrong. */
export function missingScope(error: unknown): string | null {
  if (!(error instanceof Problem) || error.code !== "scope_missing") {
    return null;
  }
  return /\b(jobs:write|jobs:read|admin)\b/.exec(error.detail)?.[1] ?? "another scope";
}

export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  const body = parsed(text);
  const seconds = Number(response.headers.get("Retry-After"));
  return new Problem(
    response.status,
    typeof body.code === "string" ? body.code : "internal",
    typeof body.detail === "string" && body.detail ? body.detail : `The service answered ${response.status}.`,
    Array.isArray(body.errors) ? body.errors.filter(isFieldError) : [],
    typeof body.request_id === "string" ? body.request_id : response.headers.get("x-amzn-RequestId"),
    Number.isFinite(seconds) && seconds > 0 ? seconds : null,
  );
}

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isFieldError(value: unknown): value is FieldError {
  const error = value as Partial<FieldError> | null;
  return typeof error?.pointer === "string" && typeof error.detail === "string";
}
