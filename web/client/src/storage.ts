import type { Link, TextLink, UploadTarget } from "./generated/api.js";
import { StorageProblem } from "./problems.js";

/** Headers that a browser sets itself and lets nobody else set. */
const BY_THE_BROWSER = new Set(["content-length", "host"]);

/** The SHA-256 of bytes, in hex. Needs Web Crypto: https or localhost in a browser, any Node. */
export async function sha256(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Put bytes where `upload` of a document says. The key does not go along. */
export async function put(
  fetch: typeof globalThis.fetch,
  target: UploadTarget,
  bytes: Blob,
  signal?: AbortSignal,
): Promise<void> {
  const headers = Object.entries(target.headers).filter(([name]) => !BY_THE_BROWSER.has(name.toLowerCase()));
  const answer = await fetch(target.url, {
    method: target.method,
    headers,
    body: bytes,
    ...(signal ? { signal } : {}),
  });
  if (!answer.ok) throw new StorageProblem(`the storage refused the upload: ${await reason(answer)}`);
}

/** What a link of an answer leads to. Throws StorageProblem where it has not the SHA-256 that is said. */
export async function download(
  fetch: typeof globalThis.fetch,
  link: Link | TextLink,
  signal?: AbortSignal,
): Promise<string> {
  const answer = await fetch(link.url, signal ? { signal } : {});
  if (!answer.ok) throw new StorageProblem(`the storage refused the download: ${await reason(answer)}`);
  const bytes = await answer.arrayBuffer();
  const said = "sha256" in link ? link.sha256 : null;
  if (said && (await sha256(bytes)) !== said) {
    throw new StorageProblem(
      `the storage gave ${bytes.byteLength} bytes that are not those with SHA-256 ${said}`,
    );
  }
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** S3 answers with XML, of which its error code is enough. */
async function reason(answer: Response): Promise<string> {
  const code = /<Code>(\w{1,60})<\/Code>/.exec((await answer.text()).slice(0, 4096))?.[1];
  return code ? `${answer.status} ${code}` : `${answer.status}`;
}
