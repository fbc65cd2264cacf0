import { Store } from "./store";

/** A place in the console: the path behind `#`, and its parameters. */
export interface Route {
  path: string[];
  query: URLSearchParams;
}

export const route = new Store<Route>(parsed(""));

export function parsed(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

export function href(path: string[], query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

export function go(path: string[], query: Record<string, string | undefined> = {}): void {
  location.hash = href(path, query);
}

/** Follow the address; returns how to stop. */
export function listen(): () => void {
  const update = () => route.set(parsed(location.hash));
  update();
  addEventListener("hashchange", update);
  return () => removeEventListener("hashchange", update);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
