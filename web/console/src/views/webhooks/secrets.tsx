import { useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { Problem } from "../../api/problem";
import type { WebhookSecret } from "../../api/types";
import { moment } from "../../results/format";
import { toast } from "../../state/announce";
import { Icon } from "../../ui/icon";
import { Badge, Confirm, CopyButton, Fault } from "../../ui/parts";

/** What the tenant's webhooks are signed with: fetched when it is asked for, and not before. */
export function Secrets({ api }: { api: Calls }) {
  const [secrets, setSecrets] = useState<WebhookSecret[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const load = async (call: () => Promise<WebhookSecret[]>, done?: string) => {
    setBusy(true);
    setError(null);
    try {
      setSecrets(await call());
      if (done) {
        toast(done);
      }
    } catch (wrong) {
      setError(wrong);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card stack" aria-labelledby="secrets-title">
      <h2 id="secrets-title">Signing secret</h2>
      <p class="muted">Your receiver verifies each webhook with it, by a library of Standard Webhooks.</p>
      {error ? (
        error instanceof Problem && error.code === "rotation_in_progress" ? (
          <p class="wrong" role="alert">
            <Icon name="warn" size={12} /> {error.detail}
          </p>
        ) : (
          <Fault error={error} />
        )
      ) : null}
      {secrets ? (
        <ul class="stack">
          {secrets.map((each) => (
            <Secret key={each.secret} secret={each} />
          ))}
        </ul>
      ) : null}
      <div class="row">
        {secrets ? (
          <button type="button" class="button" onClick={() => setSecrets(null)}>
            Hide
          </button>
        ) : (
          <button type="button" class="button" disabled={busy} onClick={() => load(() => api.secrets())}>
            <Icon name="eye" /> {busy ? "Loading…" : "Show"}
          </button>
        )}
        <button type="button" class="button" disabled={busy} onClick={() => setAsked(true)}>
          <Icon name="again" /> Rotate
        </button>
      </div>
      {asked ? (
        <Confirm
          title="Take a new secret?"
          action="Rotate"
          onClose={(confirmed) => {
            setAsked(false);
            if (confirmed) {
              void load(() => api.rotateSecret(), "A new secret signs from now on");
            }
          }}
        >
          <p>
            The old one signs beside it for 24 hours: give your receiver the new one within that time. Until
            then it cannot be rotated once more.
          </p>
        </Confirm>
      ) : null}
    </section>
  );
}

function Secret({ secret: { secret, created_at, expires_at } }: { secret: WebhookSecret }) {
  return (
    <li class="stack">
      <div class="row">
        <code class="secret">{secret}</code>
        <CopyButton text={() => secret}>Copy</CopyButton>
      </div>
      <p class="row small muted">
        <Badge tone={expires_at ? "warn" : "good"}>{expires_at ? "old" : "current"}</Badge>
        since {moment(created_at)}
        {expires_at ? `, signs until ${moment(expires_at)}` : ""}
      </p>
    </li>
  );
}
