import { useEffect, useRef } from "preact/hooks";
import { shortcuts } from "../state/preferences";
import { go } from "../state/router";

/** Where `g` and a second key lead. */
export const PLACES: Record<string, [string, string]> = {
  n: ["new", "New job"],
  j: ["jobs", "Jobs"],
  w: ["webhooks", "Webhooks"],
  u: ["usage", "Usage"],
};
const SECOND_KEY_MS = 1200;
const LONG_AGO = Number.NEGATIVE_INFINITY;

/** The keys that work in every view. They can be switched off (WCAG 2.1.4), all but nothing is lost then. */
export function useKeys(signedIn: boolean, onHelp: () => void): void {
  const began = useRef(LONG_AGO);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!free(event)) {
        return;
      }
      if (event.key === "?") {
        event.preventDefault();
        onHelp();
      } else if (signedIn && event.key === "g") {
        began.current = event.timeStamp;
      } else if (signedIn && event.timeStamp - began.current < SECOND_KEY_MS && PLACES[event.key]) {
        began.current = LONG_AGO;
        event.preventDefault();
        go([PLACES[event.key]?.[0] ?? "new"]);
      }
    };
    // before the keys of a view: `g j` is no step to the next quote
    addEventListener("keydown", press, { capture: true });
    return () => removeEventListener("keydown", press, { capture: true });
  }, [signedIn, onHelp]);
}

/** Whether a key is a shortcut: nobody is typing, no dialog is open, no other program's key is held. */
export function free(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  const typing = target?.closest("input, textarea, select, [contenteditable]") !== null && target !== null;
  const held = event.ctrlKey || event.metaKey || event.altKey;
  return (
    shortcuts.value && !typing && !held && !event.defaultPrevented && !document.querySelector("dialog[open]")
  );
}
