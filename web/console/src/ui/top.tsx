import { setTheme, type Theme, theme } from "../state/preferences";
import { href } from "../state/router";
import { signOut } from "../state/session";
import { useStore } from "../state/store";
import { Icon, type IconName } from "./icon";
import { PLACES } from "./keys";

const NEXT: Record<Theme, { next: Theme; icon: IconName; name: string }> = {
  system: { next: "light", icon: "system", name: "as the system" },
  light: { next: "dark", icon: "sun", name: "light" },
  dark: { next: "system", icon: "moon", name: "dark" },
};

export function Top(props: { signedIn: boolean; view: string; onHelp: () => void }) {
  return (
    <header class="top">
      <div class="top-inner">
        <Brand />
        {props.signedIn ? (
          <nav class="nav" aria-label="Console">
            {Object.values(PLACES).map(([place, name]) => (
              <a
                key={place}
                href={href([place])}
                {...(props.view === place ? { "aria-current": "page" } : {})}
              >
                {name}
              </a>
            ))}
          </nav>
        ) : null}
        <div class="tools">
          <ThemeSwitch />
          <button
            type="button"
            class="button quiet square"
            aria-label="Keyboard shortcuts"
            onClick={props.onHelp}
          >
            <Icon name="help" />
          </button>
          {props.signedIn ? (
            <button type="button" class="button quiet" onClick={() => signOut()}>
              <Icon name="out" /> <span class="sign-out">Sign out</span>
            </button>
          ) : null}
        </div>
      </div>
    </header>
  );
}

function Brand() {
  return (
    <a class="brand" href={href(["new"])}>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        <path
          d="M3 2.5h14v5a2.5 2.5 0 000 5v5H3v-5a2.5 2.5 0 000-5z"
          fill="none"
          stroke="currentColor"
          stroke-width="1.6"
          stroke-linejoin="round"
        />
        <path
          d="M7 10.2l2.2 2.2L13.2 8"
          fill="none"
          stroke="currentColor"
          stroke-width="1.8"
          stroke-linecap="round"
        />
      </svg>
      Claimcheck
    </a>
  );
}

function ThemeSwitch() {
  const { next, icon, name } = NEXT[useStore(theme)];
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={`Colours: ${name}. Change`}
      title={`Colours: ${name}`}
      onClick={() => setTheme(next)}
    >
      <Icon name={icon} />
    </button>
  );
}
