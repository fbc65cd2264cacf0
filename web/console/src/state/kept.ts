/** What the browser keeps. A store that is full or switched off keeps nothing, and the console works all the same. */
export function read(storage: () => Storage, name: string): string | null {
  try {
    return storage().getItem(name);
  } catch {
    return null;
  }
}

/** Whether it was kept. */
export function write(storage: () => Storage, name: string, value: string | null): boolean {
  try {
    if (value === null) {
      storage().removeItem(name);
    } else {
      storage().setItem(name, value);
    }
    return true;
  } catch {
    return false;
  }
}

export const local = () => globalThis.localStorage;
/** Gone when the tab is closed. */
export const session = () => globalThis.sessionStorage;
