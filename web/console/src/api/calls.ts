import { type Lossless, parse, plain } from "../json/lossless";
import { sha256 } from "../trail/verify";
import type { Call, Http } from "./http";
import { Unreachable } from "./problem";
import type * as t from "./types";

/** A job as it is read, and as its digests are taken over it. */
export interface JobAnswer {
  job: t.Job;
  raw: Lossless;
  etag: string | null;
}

/** Every call that the console makes. Each throws Problem, Unreachable or AbortError. */
export class Calls {
  constructor(readonly http: Http) {}

  async submit(task: t.Task, body: object, headers: Record<string, string>): Promise<t.Ticket> {
    return this.#json({ method: "POST", path: `/jobs/${task}`, body, headers, repeatable: true });
  }

  async estimate(body: object, signal?: AbortSignal): Promise<t.Estimate> {
    return this.#json({ method: "POST", path: "/estimates", body, signal, repeatable: true });
  }

  async announce(body: object): Promise<t.Announced> {
    return this.#json({ method: "POST", path: "/documents", body, repeatable: true });
  }

  /** The job; null where it is as `etag` says. `waitS`: the answer may take as long, if nothing ends before. */
  async job(id: string, etag: string | null, waitS: number, signal?: AbortSignal): Promise<JobAnswer | null> {
    const headers: Record<string, string> = {};
    if (etag) {
      headers["If-None-Match"] = etag;
    }
    if (waitS > 0) {
      headers.Prefer = `wait=${waitS}`;
    }
    const answer = await this.http.call({ path: `/jobs/${enc(id)}`, headers, signal });
    if (answer.status === 304) {
      return null;
    }
    return this.#withResult(parse(answer.text), answer.headers.get("ETag"));
  }

  /** A page of jobs; with `once`, without another try where the service cannot be reached. */
  async jobs(
    query: Record<string, string | undefined>,
    signal?: AbortSignal,
    once = false,
  ): Promise<t.JobList> {
    return this.#json({ path: "/jobs", query, signal, repeatable: !once });
  }

  async cancel(id: string): Promise<JobAnswer> {
    const answer = await this.http.call({
      method: "POST",
      path: `/jobs/${enc(id)}/cancel`,
      repeatable: true,
    });
    return this.#withResult(parse(answer.text), answer.headers.get("ETag"));
  }

  async redrive(id: string): Promise<JobAnswer> {
    const answer = await this.http.call({ method: "POST", path: `/jobs/${enc(id)}/redrive` });
    return this.#withResult(parse(answer.text), answer.headers.get("ETag"));
  }

  async remove(id: string): Promise<void> {
    await this.http.call({ method: "DELETE", path: `/jobs/${enc(id)}`, repeatable: true });
  }

  async trail(id: string, signal?: AbortSignal): Promise<Lossless> {
    return parse((await this.http.call({ path: `/jobs/${enc(id)}/events`, signal })).text);
  }

  /** The document with its text, also where that lies behind a link. */
  async document(id: string, signal?: AbortSignal): Promise<t.DocumentText> {
    const document = await this.#json<t.DocumentText>({ path: `/jobs/${enc(id)}/document`, signal });
    if (document.text !== null || !document.text_link) {
      return document;
    }
    const bytes = new Uint8Array(await fetched(document.text_link.url, signal));
    const wanted = document.text_link.sha256;
    if (wanted && globalThis.crypto.subtle && (await sha256(bytes)) !== wanted) {
      throw new Unreachable("The document's text that arrived is not the one that was read. Load it again.");
    }
    return { ...document, text: new TextDecoder().decode(bytes) };
  }

  async deliveries(id: string, signal?: AbortSignal): Promise<t.Delivery[]> {
    const path = `/jobs/${enc(id)}/deliveries`;
    return (await this.#json<{ deliveries: t.Delivery[] }>({ path, signal })).deliveries;
  }

  async replay(id: string, deliveryId: string): Promise<t.Delivery> {
    return this.#json({ method: "POST", path: `/jobs/${enc(id)}/deliveries/${enc(deliveryId)}/replay` });
  }

  async testWebhook(url: string): Promise<t.Delivery> {
    return this.#json({ method: "POST", path: "/webhook-test", body: { url } });
  }

  async secrets(): Promise<t.WebhookSecret[]> {
    return (await this.#json<{ secrets: t.WebhookSecret[] }>({ path: "/webhook-secret" })).secrets;
  }

  async rotateSecret(): Promise<t.WebhookSecret[]> {
    const call: Call = { method: "POST", path: "/webhook-secret/rotate" };
    return (await this.#json<{ secrets: t.WebhookSecret[] }>(call)).secrets;
  }

  async addresses(signal?: AbortSignal): Promise<t.WebhookAddress[]> {
    const call: Call = { path: "/webhook-addresses", signal };
    return (await this.#json<{ addresses: t.WebhookAddress[] }>(call)).addresses;
  }

  async enableAddress(url: string): Promise<void> {
    await this.http.call({
      method: "POST",
      path: "/webhook-addresses/enable",
      body: { url },
      repeatable: true,
    });
  }

  async limits(signal?: AbortSignal): Promise<t.Limits> {
    return this.#json({ path: "/limits", signal });
  }

  async usage(from: string, to: string, signal?: AbortSignal): Promise<t.UsageReport> {
    return this.#json({ path: "/usage", query: { from, to }, signal });
  }

  async #json<T>(call: Call): Promise<T> {
    return JSON.parse((await this.http.call(call)).text) as T;
  }

  /** A result that is too long for the answer is fetched from where the answer says. */
  async #withResult(raw: Lossless, etag: string | null): Promise<JobAnswer> {
    const job = plain(raw) as t.Job;
    if (job.result === null && job.result_link) {
      const result = parse(new TextDecoder().decode(await fetched(job.result_link.url)));
      const whole = Object.assign(Object.create(null), raw, { result }) as Lossless;
      return { job: plain(whole) as t.Job, raw: whole, etag };
    }
    return { job, raw, etag };
  }
}

/** An id out of an address is one segment of a path: `..` would lead to another call. */
function enc(id: string): string {
  return /^\.{1,2}$/.test(id) ? "no-id" : encodeURIComponent(id);
}

/** Bytes behind a signed link (the key goes nowhere but to the API). */
export async function fetched(url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  const failed = "The document cannot be fetched from storage. Its link may have ended: load the page again.";
  const response = await fetch(url, { credentials: "omit", ...(signal ? { signal } : {}) }).catch(
    (error: unknown) => {
      throw error instanceof DOMException ? error : new Unreachable(failed);
    },
  );
  if (!response.ok) {
    throw new Unreachable(failed);
  }
  return response.arrayBuffer();
}
