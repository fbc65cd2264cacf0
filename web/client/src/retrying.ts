/** How refused and broken requests are tried again. All times in milliseconds. */
export interface RetryOptions {
  /** Requests of one call, the first included; 1 never tries again. */
  attempts?: number;
  /** No pause begins that would end later than so long after the call. */
  totalMs?: number;
  /** How long one request may take. A wait for a job has its own time on top. */
  requestMs?: number;
  /** For tests. */
  random?: () => number;
  now?: () => number;
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const BROKEN = new Set([408, 500, 502, 503, 504]);
/** Refusals that were made before anything was done. */
const NOTHING_DONE = new Set(["throttled", "tenant_busy", "spend_limit", "too_many_tests", "schema_behind"]);
/** An error of the service's that is the same in a moment. */
const LASTS = "document_corrupt";
const FIRST_MS = 250;
const LONGEST_MS = 8_000;

/** What a `Retry-After` asks for, in seconds or as a date; undefined where it is neither. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const value = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** The pause before attempt `attempt` + 1: what the server asked for and a little more, else exponential. */
export function pauseMs(attempt: number, asked: number | undefined, random: () => number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  if (asked === undefined) return most * (0.5 + random() / 2);
  return asked + random() * Math.min(1_000, Math.max(100, asked / 10));
}

/**
 * `fetch` that tries again what may be tried again: what carries an Idempotency-Key, reads or deletes, after
 * anything that may pass; the rest only where nothing can have been done.
 */
export function retrying(
  fetch: typeof globalThis.fetch,
  options: RetryOptions,
): (request: Request) => Promise<Response> {
  const { attempts = 5, totalMs = 60_000, requestMs = 30_000 } = options;
  const { random = Math.random, now = Date.now, sleep = pause } = options;
  return async (request) => {
    const until = now() + totalMs;
    const repeatable = request.method !== "POST" || request.headers.has("idempotency-key");
    for (let attempt = 1; ; attempt++) {
      // An answer of another fetch than the global one is no Response of this realm: errors are told apart.
      const asked = await once(fetch, request.clone(), requestMs);
      const may = asked instanceof Error ? repeatable : await mayRepeat(asked, repeatable);
      const header = asked instanceof Error ? null : asked.headers.get("retry-after");
      const ms = pauseMs(attempt, retryAfterMs(header, now()), random);
      if (!may || attempt >= attempts || now() + ms > until) {
        if (asked instanceof Error) throw asked;
        return asked;
      }
      if (!(asked instanceof Error)) await asked.body?.cancel();
      await sleep(ms, request.signal);
    }
  };
}

/** The answer, or the error that was met on the way; what the caller has aborted is thrown. */
async function once(
  fetch: typeof globalThis.fetch,
  request: Request,
  requestMs: number,
): Promise<Response | Error> {
  try {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(requestMs + waitOf(request))]);
    return await fetch(request, { signal });
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    return error instanceof Error ? error : new Error(String(error));
  }
}

function waitOf(request: Request): number {
  return Number(/wait=(\d{1,3})/.exec(request.headers.get("prefer") ?? "")?.[1] ?? 0) * 1000;
}

async function mayRepeat(answer: Response, repeatable: boolean): Promise<boolean> {
  if (answer.status === 429) return true;
  if (BROKEN.has(answer.status)) {
    const code = await codeOf(answer);
    return NOTHING_DONE.has(code) || (repeatable && code !== LASTS);
  }
  return answer.status === 409 && (await codeOf(answer)) === "idempotency_in_flight";
}

async function codeOf(answer: Response): Promise<string> {
  try {
    const said: unknown = await answer.clone().json();
    const code = typeof said === "object" && said !== null && "code" in said ? said.code : "";
    return typeof code === "string" ? code : "";
  } catch {
    return "";
  }
}

/** A pause that an abort ends. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
