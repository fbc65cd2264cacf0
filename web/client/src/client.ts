import createClient, { type Client } from "openapi-fetch";
import type {
  Document,
  EvaluateRequest,
  ExtractRequest,
  Job,
  ListedJob,
  paths,
  SummariseRequest,
  Ticket,
} from "./generated/api.js";
import { data, StorageProblem, WaitTimeout } from "./problems.js";
import { pause, type RetryOptions, retrying } from "./retrying.js";
import { download, put, sha256 } from "./storage.js";

/** What each task is asked with. */
export interface Requests {
  summarise: SummariseRequest;
  extract: ExtractRequest;
  evaluate: EvaluateRequest;
}
export type Task = keyof Requests;
export type Status = Job["status"];

export interface Options {
  /** The API's address, with its stage where it has one: `https://….example/prod`. */
  url: string;
  /** A key of your tenant, `ck_…`. Keep it out of pages that others see. */
  key: string;
  /** Instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  retry?: RetryOptions;
}

export interface SubmitOptions {
  /** The same key and body get the same ticket for 24 h; a new one is made where you give none. */
  idempotencyKey?: string;
  /** `90s`, `15m`, `2h`: the job is cancelled if it is not final by then. */
  cancelAfter?: string;
  signal?: AbortSignal;
}

export interface WaitOptions {
  /** WaitTimeout is thrown after so long; without it, `wait` waits as long as the job takes. */
  timeoutMs?: number;
  /** Sees the job each time that it has changed. */
  onChange?: (job: Job) => void;
  signal?: AbortSignal;
}

export interface UploadOptions {
  name?: string;
  /** What the file is called; its bytes decide. */
  mediaType?: string;
  signal?: AbortSignal;
}

const LONGEST_WAIT_S = 20;
const SHORTEST_ROUND_MS = 250;
const UPLOADS = 3;
const FINAL: ReadonlySet<string> = new Set(["completed", "partial", "failed", "cancelled"]);

/** Whether nothing more will happen to a job. */
export function isFinal(job: Pick<Job, "status">): boolean {
  return FINAL.has(job.status);
}

/** The API at `url`, with the rights of `key`. */
export class Claimcheck {
  /** Every call of the API, typed by its OpenAPI document; `data(await api.GET(…))` is its answer. */
  readonly api: Client<paths>;
  readonly #fetch: typeof globalThis.fetch;
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly #now: () => number;

  constructor({ url, key, fetch = (...asked) => globalThis.fetch(...asked), retry = {} }: Options) {
    this.#fetch = fetch;
    this.#sleep = retry.sleep ?? pause;
    this.#now = retry.now ?? Date.now;
    this.api = createClient<paths>({
      baseUrl: url.replace(/\/+$/, ""),
      headers: { Authorization: `Bearer ${key}` },
      fetch: retrying(fetch, retry),
    });
  }

  /** Hand in a document; the ticket comes at once. Tried again without making a second job. */
  async submit<T extends Task>(task: T, body: Requests[T], options: SubmitOptions = {}): Promise<Ticket> {
    const { idempotencyKey = crypto.randomUUID(), cancelAfter, signal } = options;
    const header = {
      "Idempotency-Key": idempotencyKey,
      ...(cancelAfter === undefined ? {} : { "Cancel-After": cancelAfter }),
    };
    const asked = { params: { header }, ...(signal ? { signal } : {}) };
    switch (task) {
      case "summarise":
        return data(await this.api.POST("/jobs/summarise", { ...asked, body: body as SummariseRequest }));
      case "extract":
        return data(await this.api.POST("/jobs/extract", { ...asked, body: body as ExtractRequest }));
      default:
        return data(await this.api.POST("/jobs/evaluate", { ...asked, body: body as EvaluateRequest }));
    }
  }

  /** The job as it is now; a result that did not fit the answer is fetched from where that says. */
  async job(jobId: string, signal?: AbortSignal): Promise<Job> {
    const asked = { params: { path: { job_id: jobId } }, ...(signal ? { signal } : {}) };
    return this.#whole(data(await this.api.GET("/jobs/{job_id}", asked)), signal);
  }

  /** Wait until the job is final, by long polls. Throws WaitTimeout, and ApiProblem as any call. */
  async wait(jobId: string, { timeoutMs, onChange, signal }: WaitOptions = {}): Promise<Job> {
    const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.#now() + timeoutMs;
    let etag: string | undefined;
    for (;;) {
      const begun = this.#now();
      const left = Math.min(LONGEST_WAIT_S, Math.ceil((until - begun) / 1000));
      const header = {
        ...(etag === undefined ? {} : { "If-None-Match": etag }),
        ...(etag === undefined || left < 1 ? {} : { Prefer: `wait=${left}` }),
      };
      const params = { path: { job_id: jobId }, header };
      const answer = await this.api.GET("/jobs/{job_id}", { params, ...(signal ? { signal } : {}) });
      if (answer.response.status !== 304) {
        const job = await this.#whole(data(answer), signal);
        etag = answer.response.headers.get("etag") ?? undefined;
        onChange?.(job);
        if (isFinal(job)) return job;
      }
      if (this.#now() >= until) throw new WaitTimeout(jobId, timeoutMs ?? 0);
      // What stands between may drop Prefer: without a pause this would be a busy loop.
      const rest = SHORTEST_ROUND_MS - (this.#now() - begun);
      if (rest > 0) await this.#sleep(rest, signal);
    }
  }

  /** Your jobs, newest first, page by page as they are needed. */
  async *jobs(
    filter: { status?: Status; task?: Task } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<ListedJob> {
    for (let cursor: string | undefined; ; ) {
      const query = { ...filter, limit: 100, ...(cursor === undefined ? {} : { cursor }) };
      const asked = { params: { query }, ...(signal ? { signal } : {}) };
      const page = data(await this.api.GET("/jobs", asked));
      yield* page.jobs;
      if (page.next_cursor === null) return;
      cursor = page.next_cursor;
    }
  }

  /** The text that offsets of evidence point into; they count code points. Null until it has been read. */
  async text(jobId: string, signal?: AbortSignal): Promise<string | null> {
    const asked = { params: { path: { job_id: jobId } }, ...(signal ? { signal } : {}) };
    const said = data(await this.api.GET("/jobs/{job_id}/document", asked));
    return said.text_link ? download(this.#fetch, said.text_link, signal) : said.text;
  }

  /** Upload a file of up to 200 MiB straight to the storage, unless it is there; a job names its document_id. */
  async upload(file: Blob, { name, mediaType, signal }: UploadOptions = {}): Promise<Document> {
    const body = {
      ...(name === undefined ? {} : { name }),
      media_type: mediaType || file.type || "application/octet-stream",
      bytes: file.size,
      sha256: await sha256(await file.arrayBuffer()),
    };
    const document = data(await this.api.POST("/documents", { body, ...(signal ? { signal } : {}) }));
    for (let left = UPLOADS; document.upload; left--) {
      try {
        await put(this.#fetch, document.upload, file, signal);
        break;
      } catch (error) {
        if (left <= 1 || signal?.aborted || error instanceof StorageProblem) throw error;
        await this.#sleep(SHORTEST_ROUND_MS, signal);
      }
    }
    return document;
  }

  /** Delete a job with all that it holds, for good; its trail stays. */
  async delete(jobId: string): Promise<void> {
    const answer = await this.api.DELETE("/jobs/{job_id}", { params: { path: { job_id: jobId } } });
    if (!answer.response.ok) data(answer);
  }

  async #whole(job: Job, signal?: AbortSignal): Promise<Job> {
    if (!job.result_link) return job;
    const { result_link: link, ...rest } = job;
    return { ...rest, result: JSON.parse(await download(this.#fetch, link, signal)) };
  }
}
