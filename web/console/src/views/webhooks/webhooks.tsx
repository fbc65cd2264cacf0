import { useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { messageOf, missingScope, Problem } from "../../api/problem";
import type { Delivery, WebhookAddress } from "../../api/types";
import { ago, moment } from "../../results/format";
import { toast } from "../../state/announce";
import { useLoaded } from "../../state/loaded";
import { described, Field } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { Badge, Fault, Heading, Skeleton } from "../../ui/parts";
import { DeliveryCard } from "../job/deliveries";
import { Secrets } from "./secrets";

/** What concerns the tenant's webhooks as a whole; those of a job are at the job. */
export function Webhooks({ api }: { api: Calls }) {
  return (
    <>
      <Heading sub="A job with a webhook address has its end posted there, signed. Each job shows its own deliveries.">
        Webhooks
      </Heading>
      <div class="stack wide-gap">
        <Addresses api={api} />
        <Sample api={api} />
        <Secrets api={api} />
      </div>
    </>
  );
}

function Addresses({ api }: { api: Calls }) {
  const { value, error, again } = useLoaded((signal) => api.addresses(signal), [api]);
  return (
    <section class="card stack" aria-labelledby="addresses-title">
      <h2 id="addresses-title">Addresses in trouble</h2>
      {error && value === null ? <Fault error={error} again={again} /> : null}
      {value === null ? (
        error ? null : (
          <Skeleton lines={3} label="Loading the addresses" />
        )
      ) : value.length === 0 ? (
        <p class="row muted">
          <Icon name="check" /> Every address takes what it is sent.
        </p>
      ) : (
        <ul class="addresses">
          {value.map((address) => (
            <Address key={address.url} api={api} address={address} onEnabled={again} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Address({
  api,
  address,
  onEnabled,
}: {
  api: Calls;
  address: WebhookAddress;
  onEnabled: () => void;
}) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const { url, status, reason, failing_since, disabled_at, paused_until } = address;
  const enable = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.enableAddress(url);
      toast("Enabled: it is sent to again");
      onEnabled();
    } catch (wrong) {
      setError(wrong);
    } finally {
      setBusy(false);
    }
  };
  return (
    <li class="stack">
      <div class="row apart">
        <code class="wrap">{url}</code>
        <div class="row">
          <Badge
            tone={status === "disabled" ? "bad" : "warn"}
            icon={status === "disabled" ? "cross" : "warn"}
          >
            {status}
          </Badge>
          {status === "disabled" ? (
            <button
              type="button"
              class="button small"
              disabled={busy}
              onClick={enable}
              aria-label={`Enable ${url}`}
            >
              Enable
            </button>
          ) : null}
        </div>
      </div>
      <p class="small muted">
        {reason === "gone" ? "It answered 410: gone. " : ""}
        {failing_since ? `Failing since ${moment(failing_since)}. ` : ""}
        {disabled_at ? `Disabled ${ago(disabled_at)}: nothing is sent there until it is enabled. ` : ""}
        {paused_until ? `It asked to be left alone until ${moment(paused_until)}.` : ""}
      </p>
      {error ? <Fault error={error} /> : null}
    </li>
  );
}

/** Have a signed sample sent, and see what the receiver makes of it. */
function Sample({ api }: { api: Calls }) {
  const [url, setUrl] = useState("");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | undefined>();
  const [delivery, setDelivery] = useState<Delivery | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    if (!url.trim()) {
      setWrong("An https address of your receiver.");
      return;
    }
    setBusy(true);
    setWrong(undefined);
    setDelivery(null);
    try {
      setDelivery(await api.testWebhook(url.trim()));
    } catch (error) {
      const scope = missingScope(error);
      const field = error instanceof Problem ? error.errors[0]?.detail : undefined;
      setWrong(scope ? `This needs a key with the scope ${scope}.` : (field ?? messageOf(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card stack" aria-labelledby="sample-title">
      <h2 id="sample-title">Try an address</h2>
      <form class="row one-line" onSubmit={send} aria-busy={busy}>
        <Field
          id="sample-url"
          label="Address"
          wrong={wrong}
          hint="It gets a signed event of the type webhook.test."
        >
          <input
            id="sample-url"
            class="input"
            inputMode="url"
            autocomplete="off"
            placeholder="https://hooks.example.com/claimcheck"
            value={url}
            {...described("sample-url", wrong, true)}
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        </Field>
        <button type="submit" class="button" disabled={busy}>
          {busy ? "Waiting for its answer…" : "Send a sample"}
        </button>
      </form>
      <div aria-live="polite">{delivery ? <DeliveryCard delivery={delivery} /> : null}</div>
    </section>
  );
}
