import { Store } from "./store";

/** What a screen reader is told next, politely. */
export const said = new Store<string>("");

/** What stands in the corner for a moment. */
export interface Toast {
  id: number;
  text: string;
  kind: "done" | "wrong";
}

export const toasts = new Store<Toast[]>([]);
const SHOWN_MS = 6000;
let last = 0;

export function announce(text: string): void {
  said.set(text === said.value ? `${text}\u00a0` : text); // the same words once more are a change too
}

export function toast(text: string, kind: Toast["kind"] = "done"): void {
  last += 1;
  const id = last;
  toasts.set([...toasts.value, { id, text, kind }]);
  announce(text);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  toasts.set(toasts.value.filter((each) => each.id !== id));
}
