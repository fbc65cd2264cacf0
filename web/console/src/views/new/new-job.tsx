import { useRef, useState } from "preact/hooks";
import type { Calls } from "../../api/calls";
import { isAbort } from "../../api/http";
import { missingScope, Problem } from "../../api/problem";
import { announce } from "../../state/announce";
import { go } from "../../state/router";
import { Icon } from "../../ui/icon";
import { Bar, Fault, Heading, Notice } from "../../ui/parts";
import { DocumentInput } from "./document-input";
import { build, change, draft, placed, type Wrongs } from "./draft";
import { EstimateCard } from "./estimate";
import { OptionsInput } from "./options";
import { handIn, type Step } from "./submission";
import { TaskInput } from "./task-input";

/** Hand in a document with what is asked of it. */
export function NewJob({ api }: { api: Calls }) {
  const [wrongs, setWrongs] = useState<Wrongs>({});
  const [step, setStep] = useState<Step | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const control = useRef<AbortController | null>(null);

  const refuse = (found: Wrongs) => {
    setWrongs(found);
    const count = Object.keys(found).length;
    announce(count === 1 ? "One thing needs a look." : `${count} things need a look.`);
    requestAnimationFrame(() => focusFirst(Object.keys(found)));
  };

  const submit = async (event?: Event) => {
    event?.preventDefault();
    if (control.current !== null) {
      return; // a double click
    }
    const now = draft.value;
    const built = build(now);
    setFault(null);
    if (Object.keys(built.wrongs).length > 0) {
      refuse(built.wrongs);
      return;
    }
    setWrongs({});
    control.current = new AbortController();
    try {
      const ticket = await handIn(api, now, built, setStep, control.current.signal);
      change({ file: null, text: "" });
      announce("Handed in");
      go(["jobs", ticket.job_id]);
    } catch (error) {
      const found = error instanceof Problem ? placed(error.errors, built.controls) : {};
      if (error instanceof Problem && /cancel-after/i.test(error.detail)) {
        found["cancel-after"] = error.detail;
      }
      if (error instanceof Problem && TOO_LARGE.has(error.code)) {
        found[now.mode] = error.detail;
      }
      if (Object.keys(found).length > 0) {
        refuse(found);
      } else if (!isAbort(error)) {
        setFault(error);
      }
    } finally {
      control.current = null;
      setStep(null);
    }
  };

  const busy = step !== null;
  return (
    <form
      onSubmit={submit}
      aria-busy={busy}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          void submit(event);
        }
      }}
    >
      <Heading sub="Hand in a document, and get an answer whose every claim has been looked up in it.">
        New job
      </Heading>
      <div class="columns">
        <div class="stack">
          <DocumentInput wrongs={wrongs} onWrong={setWrongs} />
          <TaskInput wrongs={wrongs} />
          <OptionsInput wrongs={wrongs} />
        </div>
        <div class="stack beside">
          <EstimateCard api={api} />
          {wrongs[""] ? <Notice tone="bad">{wrongs[""]}</Notice> : null}
          {fault ? <Refusal error={fault} again={() => void submit()} /> : null}
          {busy ? (
            <Progress step={step} onStop={() => control.current?.abort()} />
          ) : (
            <button type="submit" class="button primary large">
              Submit job
            </button>
          )}
        </div>
      </div>
    </form>
  );
}

const TOO_LARGE = new Set(["document_too_large", "body_too_large"]);

function Progress({ step, onStop }: { step: Step; onStop: () => void }) {
  const words = step.name === "uploading" ? `Uploading, ${Math.round(step.share * 100)} %` : WORDS[step.name];
  return (
    <div class="card stack">
      <p role="status">{words}</p>
      <Bar
        label="Progress of the upload"
        share={step.name === "uploading" ? step.share : step.name === "reading" ? 0 : 1}
      />
      {step.name === "uploading" ? (
        <button type="button" class="button small" onClick={onStop}>
          <Icon name="stop" /> Stop
        </button>
      ) : null}
    </div>
  );
}

const WORDS = { reading: "Reading the file…", "handing in": "Handing in…" } as const;

function Refusal({ error, again }: { error: unknown; again: () => void }) {
  if (missingScope(error) !== null) {
    return <Fault error={error} />;
  }
  return (
    <div class="stack">
      <Fault error={error} again={again} />
      <p class="hint">Sending it again makes no second job.</p>
    </div>
  );
}

/** Of the controls at fault the one that stands first in the page. */
function focusFirst(ids: string[]): void {
  const controls = ids.map((id) => document.getElementById(id)).filter((each) => each !== null);
  controls.sort((one, other) =>
    one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
  );
  controls[0]?.focus();
}
