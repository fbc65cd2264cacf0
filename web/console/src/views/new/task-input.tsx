import type { Task } from "../../api/types";
import { plural } from "../../results/format";
import { useStore } from "../../state/store";
import { described, Field, Segments } from "../../ui/form";
import { change, checkSchema, draft, type Wrongs } from "./draft";
import { CriterionRows, FieldRows } from "./rows";

const ABOUT: Record<Task, string> = {
  extract:
    "Exactly the fields you name, each with the quotes it rests on, and null where the document does not say.",
  evaluate: "Each criterion passes or fails, with the reasoning and quotes.",
  summarise: "An overview and key points, each with quotes.",
};

/** What is asked of the document. */
export function TaskInput({ wrongs }: { wrongs: Wrongs }) {
  const { task } = useStore(draft);
  return (
    <section class="card stack" aria-labelledby="task-title">
      <div class="row apart">
        <h2 id="task-title">Task</h2>
        <Segments<Task>
          name="task"
          label="Task"
          value={task}
          options={[
            ["extract", "Extract"],
            ["evaluate", "Evaluate"],
            ["summarise", "Summarise"],
          ]}
          onChange={(chosen) => change({ task: chosen })}
        />
      </div>
      <p class="muted">{ABOUT[task]}</p>
      {task === "extract" ? <Extract wrongs={wrongs} /> : null}
      {task === "evaluate" ? <CriterionRows wrongs={wrongs} /> : null}
      {task === "summarise" ? <Focus wrong={wrongs.focus} /> : null}
    </section>
  );
}

function Extract({ wrongs }: { wrongs: Wrongs }) {
  const { by } = useStore(draft);
  return (
    <>
      <Segments
        name="by"
        label="How the fields are given"
        value={by}
        options={[
          ["fields", "Fields"],
          ["schema", "JSON Schema"],
        ]}
        onChange={(chosen) => change({ by: chosen })}
      />
      {by === "fields" ? <FieldRows wrongs={wrongs} /> : <Schema wrong={wrongs.schema} />}
    </>
  );
}

/** Checked while it is typed; the service checks the rest of it. */
function Schema({ wrong }: { wrong?: string | undefined }) {
  const { schema } = useStore(draft);
  const { wrong: live, properties } = checkSchema(schema);
  const text = live ?? wrong;
  return (
    <Field id="schema" label="JSON Schema (2020-12) of an object; its properties are the fields" wrong={text}>
      <textarea
        id="schema"
        class="input code"
        rows={12}
        spellcheck={false}
        value={schema}
        {...described("schema", text)}
        onInput={(event) => change({ schema: event.currentTarget.value })}
      />
      <p class="hint" aria-live="polite">
        {live === null ? plural(properties ?? 0, "field") : ""}
      </p>
    </Field>
  );
}

function Focus({ wrong }: { wrong?: string | undefined }) {
  const { focus } = useStore(draft);
  return (
    <Field
      id="focus"
      label="Focus (optional)"
      hint="What the reader cares about, in your own words."
      wrong={wrong}
    >
      <textarea
        id="focus"
        class="input"
        rows={3}
        maxLength={2000}
        placeholder="Payment terms and how either side can leave"
        value={focus}
        {...described("focus", wrong, true)}
        onInput={(event) => change({ focus: event.currentTarget.value })}
      />
    </Field>
  );
}
