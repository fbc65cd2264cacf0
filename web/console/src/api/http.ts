import { Problem, problemOf, Unreachable } from "./problem";

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** May be sent again where it is not known whether it was carried out; GET always may. */
  repeatable?: boolean;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

const ATTEMPTS = 4;
const PASSING = new Set([429, 502, 503, 504]);
/** Not worth waiting for: what is asked for is refused until something else changes. */
const LASTING = new Set(["tenant_busy", "spend_limit", "too_many_tests"]);
const LONGEST_WAIT_S = 20;

/**
 * Calls of the API with one key. The page is served by the API itself at `BASE/console`, so BASE needs no setting.
 */
export class Http {
  constructor(
    readonly base: string,
    readonly key: string,
    readonly onKeyRefused: (problem: Problem) => void = () => undefined,
  ) {}

  /** One call, again where that may help. Throws Problem, Unreachable, or AbortError from `signal`. */
  async call(call: Call): Promise<Answer> {
    const repeatable = call.repeatable ?? (call.method ?? "GET") === "GET";
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(call);
      } catch (error) {
        if (error instanceof Problem && (error.code === "key_refused" || error.code === "key_missing")) {
          this.onKeyRefused(error);
        }
        if (attempt >= ATTEMPTS || !passes(error, repeatable)) {
          throw error;
        }
        await pause(delayMs(error, attempt), call.signal);
      }
    }
  }

  async #once({ method = "GET", path, query, headers, body, signal }: Call): Promise<Answer> {
    const url = new URL(this.base + path);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== "") {
        url.searchParams.set(name, value);
      }
    }
    const init: RequestInit = {
      method,
      headers: {
        Authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      cache: "no-store",
      credentials: "omit",
      ...(signal ? { signal } : {}),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await fetch(url, init).catch((error: unknown) => {
      throw isAbort(error) ? error : new Unreachable("The service cannot be reached. Check the connection.");
    });
    if (!response.ok && response.status !== 304) {
      throw await problemOf(response);
    }
    const text = await response.text().catch((error: unknown) => {
      throw isAbort(error) ? error : new Unreachable("The connection broke off in the middle of an answer.");
    });
    return { status: response.status, headers: response.headers, text };
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Wait; ends early, with AbortError, where `signal` says so. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) {
      stop();
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function passes(error: unknown, repeatable: boolean): boolean {
  if (error instanceof Unreachable) {
    return repeatable;
  }
  if (!(error instanceof Problem) || !PASSING.has(error.status) || LASTING.has(error.code)) {
    return false;
  }
  const untouched = error.code === "throttled" || error.code === "schema_behind";
  return (repeatable || untouched) && (error.retryAfterS ?? 0) <= LONGEST_WAIT_S;
}

function delayMs(error: unknown, attempt: number): number {
  const asked = error instanceof Problem ? (error.retryAfterS ?? 0) : 0;
  return (asked + (0.3 + Math.random() * 0.7) * Math.min(8, 2 ** (attempt - 1))) * 1000;
}
