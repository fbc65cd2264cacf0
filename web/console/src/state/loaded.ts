import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { isAbort } from "../api/http";

export interface Loaded<T> {
  value: T | null;
  error: unknown;
  loading: boolean;
  /** Load again; what is there stays until then. */
  again: () => void;
  set: (value: T) => void;
}

/** Load something when `deps` change. What was there before is shown no longer then. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown; loading: boolean }>(EMPTY);
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const before = useRef<readonly unknown[]>(deps);
  // the caller says what it depends on
  useEffect(() => {
    const control = new AbortController();
    const fresh = before.current.some((each, index) => !Object.is(each, deps[index]));
    before.current = deps;
    setState((old) => (fresh ? EMPTY : { ...old, loading: true }));
    latest.current(control.signal).then(
      (value) => !control.signal.aborted && setState({ value, error: null, loading: false }),
      (error: unknown) => {
        if (!control.signal.aborted && !isAbort(error)) {
          setState((old) => ({ value: old.value, error, loading: false }));
        }
      },
    );
    return () => control.abort();
  }, [...deps, round]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  const set = useCallback((value: T) => setState({ value, error: null, loading: false }), []);
  return { ...state, again, set };
}

const EMPTY = { value: null, error: null, loading: true };
