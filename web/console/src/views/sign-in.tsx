import { useState } from "preact/hooks";
import { messageOf, Problem } from "../api/problem";
import { refusal, signIn } from "../state/session";
import { useStore } from "../state/store";
import { Icon } from "../ui/icon";
import { Heading } from "../ui/parts";

/** Ask for a key. It stays in this tab's session storage, and goes nowhere but to the API. */
export function SignIn() {
  const refused = useStore(refusal);
  const [key, setKey] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const message = wrong ?? refused;

  const submit = async (event: Event) => {
    event.preventDefault();
    const given = key.trim();
    if (!given) {
      setWrong("Paste a key first.");
      return;
    }
    setBusy(true);
    setWrong(null);
    try {
      await signIn(given);
    } catch (error) {
      setWrong(explained(error, given));
      setBusy(false);
      document.getElementById("key")?.focus();
    }
  };

  return (
    <form class="sign-in card stack" onSubmit={submit} aria-busy={busy}>
      <Heading sub="Work on documents, with every answer checked against them.">Sign in</Heading>
      <div class="field">
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          class="input code"
          type={(shown ? "text" : "password") as "password"}
          autocomplete="off"
          spellcheck={false}
          placeholder="ck_…"
          value={key}
          aria-invalid={message !== null}
          aria-describedby="key-hint key-wrong"
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <p class="hint" id="key-hint">
          Kept in this tab until it is closed, and sent to this service only. Your operator makes keys with{" "}
          <code>claimcheck keys create</code>; <code>claimcheck up</code> prints one.
        </p>
        <p class="wrong" id="key-wrong" role="alert">
          {message ? (
            <>
              <Icon name="warn" size={12} /> {message}
            </>
          ) : null}
        </p>
      </div>
      <div class="row apart">
        <label class="check">
          <input
            type="checkbox"
            checked={shown}
            onChange={(event) => setShown(event.currentTarget.checked)}
          />
          Show the key
        </label>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? "Checking…" : "Sign in"}
        </button>
      </div>
    </form>
  );
}

function explained(error: unknown, key: string): string {
  if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
    if (!/^ck_[0-9a-f]{12}_/.test(key)) {
      return "This is no key: keys look like ck_, 12 digits, _ and 43 characters. Paste all of it.";
    }
    return `${error.detail} Check that all of it was pasted, or ask for another one.`;
  }
  return messageOf(error);
}
