import * as kept from "./kept";
import { Store } from "./store";

export type Theme = "system" | "light" | "dark";

export const theme = new Store<Theme>("system");
export const shortcuts = new Store<boolean>(true);

/** Take over what was chosen in this browser. */
export function restore(): void {
  const chosen = kept.read(kept.local, "claimcheck.theme");
  setTheme(chosen === "light" || chosen === "dark" ? chosen : "system");
  shortcuts.set(kept.read(kept.local, "claimcheck.shortcuts") !== "off");
}

export function setTheme(chosen: Theme): void {
  kept.write(kept.local, "claimcheck.theme", chosen === "system" ? null : chosen);
  if (chosen === "system") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = chosen;
  }
  theme.set(chosen);
}

export function setShortcuts(on: boolean): void {
  kept.write(kept.local, "claimcheck.shortcuts", on ? null : "off");
  shortcuts.set(on);
}
