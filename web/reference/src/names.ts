/**
 * Names for what Swagger UI leaves without one, and a way by keyboard to what scrolls: for as long as the page is
 * there, since it draws calls when they are opened.
 */
export function keepNamed(root: Element | null): void {
  if (root === null) {
    return;
  }
  let planned = false;
  new MutationObserver(() => {
    if (!planned) {
      planned = true;
      requestAnimationFrame(() => {
        planned = false;
        name(root);
      });
    }
  }).observe(root, { childList: true, subtree: true });
}

const NAMES = [
  ["select#servers", "Server"],
  [".examples-select select", "Example"],
  [".body-param select", "Media type"],
  [".response-control-media-type select", "Media type"],
  ["textarea.body-param__text", "Request body"],
  ["select", "Choice"],
  ["textarea", "Text"],
] as const;

function name(root: Element): void {
  for (const [selector, label] of NAMES) {
    for (const control of root.querySelectorAll(`${selector}:not([aria-label])`)) {
      control.setAttribute("aria-label", label);
    }
  }
  for (const text of root.querySelectorAll(".microlight:not([tabindex]), .curl:not([tabindex])")) {
    text.setAttribute("tabindex", "0");
  }
}
