import { Unreachable } from "./problem";
import type { Announced } from "./types";

/** Set by the browser itself, or refused to pages. */
const FORBIDDEN = new Set(["content-length", "host", "connection"]);

/**
 * Put a file where the service said, straight into storage. `onSent` hears how many bytes went out.
 * Throws Unreachable, or AbortError from `signal`.
 */
export function put(
  target: NonNullable<Announced["upload"]>,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(target.method, target.url);
    for (const [name, value] of Object.entries(target.headers)) {
      if (!FORBIDDEN.has(name.toLowerCase())) {
        request.setRequestHeader(name, value);
      }
    }
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve();
      } else {
        reject(new Unreachable(`Storage refused the file (${request.status}). Send it again.`));
      }
    };
    request.onerror = () =>
      reject(new Unreachable("The upload broke off. Check the connection and send it again."));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
