/** What Swagger UI says of what somebody entered in its dialog, by the scheme's name. */
export type Payload = Record<string, { value?: unknown } | undefined>;

const PLACE = "claimcheck.docs.key";

/** Where the key is kept: for this tab, until it is closed. */
export interface Kept {
  read(): string | null;
  write(key: string | null): void;
}

/** The key in a tab's storage; a browser that keeps nothing forgets it with the page. */
export function keptKey(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">): Kept {
  return {
    read: () => quietly(() => storage.getItem(PLACE)) ?? null,
    write: (key) => {
      quietly(() => (key === null ? storage.removeItem(PLACE) : storage.setItem(PLACE, key)));
    },
  };
}

/** The key that was entered; null where there was none. */
export function keyOf(payload: Payload, scheme: string): string | null {
  const value = payload[scheme]?.value;
  return typeof value === "string" && value !== "" ? value : null;
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined; // storage is switched off
  }
}
