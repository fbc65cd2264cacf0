import { useEffect, useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { messageOf, missingScope } from "../../api/problem";
import type { Attempt, Delivery } from "../../api/types";
import { ago, duration, moment, plural } from "../../results/format";
import { toast } from "../../state/announce";
import { useLoaded } from "../../state/loaded";
import { Icon, type IconName } from "../../ui/icon";
import { Badge, Empty, Fault, Skeleton } from "../../ui/parts";

const STATES: Record<Delivery["status"], [string, string, IconName]> = {
  pending: ["On its way", "busy", "clock"],
  delivered: ["Delivered", "good", "check"],
  exhausted: ["Given up", "bad", "cross"],
  disabled: ["Address disabled", "warn", "warn"],
};
const AGAIN_MS = 3000;

/** The webhooks of a job with every attempt; each can be sent once more. */
export function Deliveries({ api, id, final }: { api: Calls; id: string; final: boolean }) {
  const { value, error, again } = useLoaded((signal) => api.deliveries(id, signal), [id, final]);
  const waiting = value?.some(({ status }) => status === "pending") ?? false;
  useEffect(() => {
    const timer = waiting ? setInterval(again, AGAIN_MS) : undefined;
    return () => clearInterval(timer);
  }, [waiting, again]);
  if (error && value === null) {
    return <Fault error={error} again={again} />;
  }
  if (value === null) {
    return <Skeleton lines={5} label="Loading the webhooks" />;
  }
  if (value.length === 0) {
    return (
      <Empty icon="arrow" title="No webhooks">
        <p>
          {final
            ? "This job was handed in without a webhook address."
            : "They are sent when the job has ended, where it has an address."}
        </p>
      </Empty>
    );
  }
  return (
    <ul class="stack">
      {value.map((delivery) => (
        <li key={delivery.delivery_id}>
          <DeliveryCard delivery={delivery} onReplay={() => replay(api, id, delivery.delivery_id, again)} />
        </li>
      ))}
    </ul>
  );
}

async function replay(api: Calls, id: string, deliveryId: string, again: () => void): Promise<void> {
  try {
    await api.replay(id, deliveryId);
    toast("On its way once more, under the same webhook-id");
    again();
  } catch (error) {
    const scope = missingScope(error);
    toast(scope ? `This needs a key with the scope ${scope}.` : messageOf(error), "wrong");
  }
}

/** A delivery with its attempts, also of a sample. */
export function DeliveryCard({ delivery, onReplay }: { delivery: Delivery; onReplay?: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const [words, tone, icon] = STATES[delivery.status];
  const press = async () => {
    setBusy(true);
    await onReplay?.();
    setBusy(false);
  };
  return (
    <article class="card stack" aria-label={`Webhook ${delivery.event}`}>
      <div class="row apart">
        <div class="row">
          <Badge tone={tone} icon={icon}>
            {words}
          </Badge>
          <code>{delivery.event}</code>
          <span class="small muted" title={moment(delivery.created_at)}>
            {ago(delivery.created_at)}
          </span>
        </div>
        {onReplay ? (
          <button type="button" class="button small" disabled={busy} onClick={press}>
            <Icon name="again" /> {busy ? "Sending…" : "Send again"}
          </button>
        ) : null}
      </div>
      <p class="small wrap">
        to <code>{delivery.url}</code>
      </p>
      <p class="small muted wrap">
        <code>{delivery.webhook_id}</code>
        {delivery.next_attempt_at ? `, next attempt ${moment(delivery.next_attempt_at)}` : ""}
      </p>
      <Attempts attempts={delivery.attempts} />
    </article>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) {
    return <p class="small muted">Not tried yet.</p>;
  }
  return (
    <ol class="attempts" aria-label={plural(attempts.length, "attempt")}>
      {attempts.map((attempt) => {
        const good = attempt.status_code !== null && attempt.status_code >= 200 && attempt.status_code < 300;
        return (
          <li key={`${attempt.attempt} ${attempt.at}`}>
            <div class="row small">
              <span class={good ? "sign good" : "sign bad"}>
                <Icon name={good ? "check" : "cross"} size={12} />
              </span>
              <strong class="number">{attempt.status_code ?? "No answer"}</strong>
              <span class="muted number">
                attempt {attempt.attempt}, {moment(attempt.at)}
                {attempt.duration_ms === null ? "" : `, ${duration(attempt.duration_ms / 1000)}`}
                {attempt.replay ? ", sent again by hand" : ""}
              </span>
            </div>
            {attempt.error ? <p class="small wrap">{attempt.error}</p> : null}
            {attempt.response_head ? (
              <details>
                <summary class="small muted">What the receiver answered</summary>
                <pre class="code-block">{attempt.response_head}</pre>
              </details>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}
