import { Calls } from "../api/calls";
import { Http } from "../api/http";
import type { Problem } from "../api/problem";
import * as kept from "./kept";
import { Store } from "./store";

const NAME = "claimcheck.key";

/** The calls with the key of this tab; null without one. */
export const calls = new Store<Calls | null>(null);
/** Why the key that was there does not count any more. */
export const refusal = new Store<string | null>(null);

/** Where the API is: this page is its `/console`, maybe below the name of a stage. */
export function base(): string {
  return location.origin + location.pathname.replace(/\/console(\/.*)?$/, "").replace(/\/$/, "");
}

/** Use the key that this tab has kept, if any. */
export function resume(): void {
  const key = kept.read(kept.session, NAME);
  if (key) {
    calls.set(made(key));
  }
}

/** Try a key; it is kept for this tab where the API takes it. Throws Problem, Unreachable. */
export async function signIn(key: string): Promise<void> {
  const trial = new Calls(new Http(base(), key));
  await trial.limits().catch((error: unknown) => {
    // a good key that may not read: each view says what it lacks
    if ((error as Partial<Problem>).code !== "scope_missing") {
      throw error;
    }
  });
  kept.write(kept.session, NAME, key);
  refusal.set(null);
  calls.set(made(key));
}

export function signOut(why: string | null = null): void {
  kept.write(kept.session, NAME, null);
  refusal.set(why);
  calls.set(null);
}

function made(key: string): Calls {
  return new Calls(new Http(base(), key, (problem) => signOut(problem.detail)));
}
