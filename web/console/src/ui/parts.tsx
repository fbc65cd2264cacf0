import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf, missingScope, Problem } from "../api/problem";
import type { Status } from "../api/types";
import { toast } from "../state/announce";
import { Icon, type IconName } from "./icon";

/** The heading of a view: it is focused when the view is entered, so that a screen reader begins there. */
export function Heading({ children, sub }: { children: ComponentChildren; sub?: ComponentChildren }) {
  return (
    <div class="heading">
      <h1 id="title" tabIndex={-1}>
        {children}
      </h1>
      {sub ? <p class="muted">{sub}</p> : null}
    </div>
  );
}

const STATUS: Record<Status, { icon: IconName; tone: string }> = {
  pending: { icon: "clock", tone: "quiet" },
  running: { icon: "again", tone: "busy" },
  completed: { icon: "check", tone: "good" },
  partial: { icon: "warn", tone: "warn" },
  failed: { icon: "cross", tone: "bad" },
  cancelled: { icon: "stop", tone: "quiet" },
};

export function StatusBadge({ status }: { status: Status }) {
  const { icon, tone } = STATUS[status];
  return (
    <Badge icon={icon} tone={tone}>
      {status}
    </Badge>
  );
}

export function Badge(props: { icon?: IconName; tone: string; children: ComponentChildren }) {
  return (
    <span class={`badge ${props.tone}`}>
      {props.icon ? <Icon name={props.icon} size={12} /> : null}
      {props.children}
    </span>
  );
}

/** What went wrong, and what to do: by its scope, its code, or as the API says it. */
export function Fault({ error, again }: { error: unknown; again?: () => void }) {
  const scope = missingScope(error);
  const request = error instanceof Problem ? error.requestId : null;
  return (
    <div class="notice bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>
          {scope === null
            ? messageOf(error)
            : `This needs a key with the scope ${scope}, which yours does not have. Sign in with such a key, or ask whoever made it.`}
        </p>
        {request && scope === null ? <p class="small muted">Request {request}</p> : null}
        {again && !settled(error) ? (
          <button type="button" class="button small" onClick={again}>
            <Icon name="again" /> Try again
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** Whether asking once more is of no use. */
function settled(error: unknown): boolean {
  return error instanceof Problem && [401, 403, 404, 410].includes(error.status);
}

export function Notice(props: { tone: string; icon?: IconName; children: ComponentChildren }) {
  return (
    <div class={`notice ${props.tone}`}>
      <Icon name={props.icon ?? "warn"} />
      <div>{props.children}</div>
    </div>
  );
}

export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={props.icon} size={24} />
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

/** Grey lines where something is going to be, of its height, so that nothing jumps. */
export function Skeleton({ lines, label = "Loading" }: { lines: number; label?: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

/** A button that says that it worked, for a moment. */
export function CopyButton(props: { text: () => string; children: ComponentChildren; class?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    const timer = done ? setTimeout(() => setDone(false), 1600) : undefined;
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () => {
    const refused = () => toast("The browser gives no access to the clipboard here.", "wrong");
    if (navigator.clipboard) {
      navigator.clipboard.writeText(props.text()).then(() => setDone(true), refused);
    } else {
      refused(); // over plain http
    }
  };
  return (
    <button type="button" class={props.class ?? "button small"} onClick={copy}>
      <Icon name={done ? "check" : "copy"} />
      <span aria-live="polite">{done ? "Copied" : props.children}</span>
    </button>
  );
}

/** A question before something that cannot be undone. `onClose(true)`: do it. */
export function Confirm(props: {
  title: string;
  children: ComponentChildren;
  action: string;
  danger?: boolean;
  onClose: (confirmed: boolean) => void;
}) {
  const dialog = useDialog(() => props.onClose(false));
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="confirm-title">
      <h2 id="confirm-title">{props.title}</h2>
      <div class="stack">{props.children}</div>
      <div class="row end">
        <button type="button" class="button" onClick={() => props.onClose(false)}>
          Keep it
        </button>
        <button
          type="button"
          class={`button ${props.danger ? "danger" : "primary"}`}
          onClick={() => props.onClose(true)}
        >
          {props.action}
        </button>
      </div>
    </dialog>
  );
}

/** Shows a dialog while it is there; Escape and a click beside it close it, and focus goes back. */
export function useDialog(onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    const cancel = (event: Event) => {
      event.preventDefault();
      close.current();
    };
    const beside = (event: MouseEvent) => event.target === shown && close.current();
    shown?.showModal();
    shown?.addEventListener("cancel", cancel);
    shown?.addEventListener("click", beside);
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  return dialog;
}

export function Bar({ share, label }: { share: number; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}
