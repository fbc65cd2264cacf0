import { useEffect, useRef, useState } from "preact/hooks";
import { dismiss, said, toasts } from "./state/announce";
import { type Route, route } from "./state/router";
import { calls } from "./state/session";
import { useStore } from "./state/store";
import { Help } from "./ui/help";
import { Icon } from "./ui/icon";
import { useKeys } from "./ui/keys";
import { Top } from "./ui/top";
import { JobView } from "./views/job/job";
import { Jobs } from "./views/jobs";
import { NewJob } from "./views/new/new-job";
import { SignIn } from "./views/sign-in";
import { UsageView } from "./views/usage/usage";
import { Webhooks } from "./views/webhooks/webhooks";

const TITLES: Record<string, string> = { new: "New job", jobs: "Jobs", webhooks: "Webhooks", usage: "Usage" };

export function App() {
  const api = useStore(calls);
  const place = useStore(route);
  const [help, setHelp] = useState(false);
  const [view = "new", id] = place.path;
  useEffect(() => setHelp(false), [place]);
  useKeys(api !== null, () => setHelp(true));
  useEntered(api === null ? "sign-in" : place.path.slice(0, 2).join("/"), title(api !== null, place));
  return (
    <>
      <button type="button" class="skip button" onClick={skip}>
        Skip to content
      </button>
      <Top signedIn={api !== null} view={view} onHelp={() => setHelp(true)} />
      <main id="main" tabIndex={-1} class={view === "jobs" && id && api ? "main wide" : "main"}>
        {api === null ? <SignIn /> : <View api={api} place={place} />}
      </main>
      {help ? <Help onClose={() => setHelp(false)} /> : null}
      <Messages />
    </>
  );
}

function View({ api, place }: { api: NonNullable<typeof calls.value>; place: Route }) {
  const [view = "new", id, tab] = place.path;
  switch (view) {
    case "jobs":
      return id ? (
        <JobView key={id} api={api} id={id} tab={tab ?? "result"} />
      ) : (
        <Jobs api={api} query={place.query} />
      );
    case "webhooks":
      return <Webhooks api={api} />;
    case "usage":
      return <UsageView api={api} query={place.query} />;
    default:
      return <NewJob api={api} />;
  }
}

/** A view that is entered takes the focus to its heading, and the page its name. */
function useEntered(place: string, name: string): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    document.title = name;
    if (before.current !== null && before.current !== place) {
      scrollTo(0, 0);
      document.getElementById("title")?.focus();
    }
    before.current = place;
  }, [place, name]);
}

function title(signedIn: boolean, { path }: Route): string {
  const [view = "new", id] = path;
  const name = signedIn
    ? view === "jobs" && id
      ? `Job ${id.slice(-8)}`
      : (TITLES[view] ?? "New job")
    : "Sign in";
  return `${name} · Claimcheck`;
}

function skip(): void {
  document.getElementById("main")?.focus();
}

function Messages() {
  const spoken = useStore(said);
  const shown = useStore(toasts);
  return (
    <>
      <div class="hidden" role="status" aria-live="polite" id="announcer">
        {spoken}
      </div>
      <div class="toasts">
        {shown.map(({ id, text, kind }) => (
          <div class={`toast ${kind}`} key={id}>
            <Icon name={kind === "done" ? "check" : "warn"} />
            <span>{text}</span>
            <button
              type="button"
              class="button quiet square"
              aria-label="Dismiss"
              onClick={() => dismiss(id)}
            >
              <Icon name="cross" />
            </button>
          </div>
        ))}
      </div>
    </>
  );
}
