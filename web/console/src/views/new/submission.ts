import type { Calls } from "../../api/calls";
import type { Ticket } from "../../api/types";
import { put } from "../../api/upload";
import { sha256 } from "../../trail/verify";
import type { Built, Draft } from "./draft";
import { mediaType } from "./media";

/** A file up to this size goes along in the request, which may have 5 MB with base64 in it. */
const INLINE_BYTES = 3_000_000;

export type Step = { name: "reading" } | { name: "uploading"; share: number } | { name: "handing in" };

let begun: { content: string; key: string } | null = null;

/**
 * Hand a job in. The same form gets the same job, however often this is called until it has succeeded: after a
 * double click, or once more after a connection that broke (Idempotency-Key).
 */
export async function handIn(
  api: Calls,
  draft: Draft,
  built: Built,
  onStep: (step: Step) => void,
  signal: AbortSignal,
): Promise<Ticket> {
  const document = await source(api, draft, onStep, signal);
  onStep({ name: "handing in" });
  const body = { document, ...built.body };
  const content = JSON.stringify([draft.task, body, built.headers]);
  if (begun?.content !== content) {
    begun = { content, key: randomKey() };
  }
  const ticket = await api.submit(draft.task, body, { ...built.headers, "Idempotency-Key": begun.key });
  begun = null;
  return ticket;
}

async function source(
  api: Calls,
  draft: Draft,
  onStep: (step: Step) => void,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (draft.mode === "text") {
    const file = new File([draft.text], "pasted.txt", { type: "text/plain" });
    return file.size <= INLINE_BYTES
      ? { text: draft.text }
      : uploaded(api, file, "text/plain", onStep, signal);
  }
  const { file } = draft;
  if (file === null) {
    throw new Error("Choose a file first.");
  }
  const type = mediaType(file.name);
  const name = file.name.slice(0, 255);
  if (file.size > INLINE_BYTES) {
    return { ...(await uploaded(api, file, type, onStep, signal)), name };
  }
  onStep({ name: "reading" });
  return { base64: await base64(file), media_type: type, name };
}

async function uploaded(
  api: Calls,
  file: File,
  type: string,
  onStep: (step: Step) => void,
  signal: AbortSignal,
): Promise<{ document_id: string }> {
  onStep({ name: "reading" });
  if (!globalThis.crypto.subtle) {
    throw new Error(
      "This page was not loaded over https, so the browser cannot prepare a file of this size.",
    );
  }
  const digest = await sha256(new Uint8Array(await file.arrayBuffer()));
  const about = { name: file.name.slice(0, 255), media_type: type, bytes: file.size, sha256: digest };
  const document = await api.announce(about);
  if (document.upload) {
    onStep({ name: "uploading", share: 0 });
    await put(
      document.upload,
      file,
      (sent) => onStep({ name: "uploading", share: sent / file.size }),
      signal,
    );
  }
  return { document_id: document.document_id };
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(new Error("The file cannot be read. Has it been moved?"));
    reader.readAsDataURL(file);
  });
}

/** `crypto.randomUUID` is for pages over https alone. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
