import { useState } from "preact/hooks";
import { useStore } from "../../state/store";
import { described, Field, Segments } from "../../ui/form";
import { change, draft, type Options, type Wrongs } from "./draft";

const NAMES = ["webhook-url", "metadata", "max-cost", "cancel-after", "priority", "fallback", "webhook-body"];

/** Everything that a job may have besides. Closed, unless something in it is set or wrong. */
export function OptionsInput({ wrongs }: { wrongs: Wrongs }) {
  const { options } = useStore(draft);
  const set = (part: Partial<Options>) => change({ options: { ...draft.value.options, ...part } });
  const [opened, setOpened] = useState(false);
  const used =
    options.priority === "economy" || Object.values(options).some((value) => value && !DEFAULTS.has(value));
  return (
    <details
      class="card options"
      open={opened || used || NAMES.some((name) => wrongs[name])}
      onToggle={(event) => setOpened(event.currentTarget.open)}
    >
      <summary>
        <h2>Options</h2>
        <span class="hint">Priority, webhook, budget, deadline, metadata</span>
      </summary>
      <div class="options-grid">
        <div class="field">
          <span class="label">Priority</span>
          <Segments
            name="priority"
            label="Priority"
            value={options.priority}
            options={[
              ["standard", "Standard"],
              ["economy", "Economy"],
            ]}
            onChange={(priority) => set({ priority })}
          />
          <p class="hint">
            {options.priority === "standard"
              ? "Worked on at once."
              : "A smaller model, in batches at half the price: within hours mostly, two days at most."}
          </p>
        </div>
        {options.priority === "economy" ? (
          <Field id="fallback" label="If its batch is given up after a day" wrong={wrongs.fallback}>
            <select
              id="fallback"
              class="input"
              value={options.fallback}
              onChange={(event) => set({ fallback: event.currentTarget.value as Options["fallback"] })}
            >
              <option value="fail">The job fails</option>
              <option value="standard">Ask the same model at once, at full price</option>
            </select>
          </Field>
        ) : null}
        <Field
          id="max-cost"
          label="Most it may cost (US$)"
          hint="No call is begun that might cost more."
          wrong={wrongs["max-cost"]}
        >
          <input
            id="max-cost"
            class="input"
            inputMode="decimal"
            placeholder="No limit"
            value={options.maxCost}
            {...described("max-cost", wrongs["max-cost"], true)}
            onInput={(event) => set({ maxCost: event.currentTarget.value })}
          />
        </Field>
        <Field
          id="cancel-after"
          label="Cancel after"
          hint="Such as 90s, 15m or 2h; 7 days at most."
          wrong={wrongs["cancel-after"]}
        >
          <input
            id="cancel-after"
            class="input"
            placeholder="Never"
            value={options.cancelAfter}
            {...described("cancel-after", wrongs["cancel-after"], true)}
            onInput={(event) => set({ cancelAfter: event.currentTarget.value })}
          />
        </Field>
        <Field
          id="webhook-url"
          label="Webhook address"
          hint="Its final state is posted there, signed."
          wrong={wrongs["webhook-url"]}
        >
          <input
            id="webhook-url"
            class="input"
            type="text"
            inputMode="url"
            autocomplete="off"
            placeholder="https://hooks.example.com/claimcheck"
            value={options.webhookUrl}
            {...described("webhook-url", wrongs["webhook-url"], true)}
            onInput={(event) => set({ webhookUrl: event.currentTarget.value })}
          />
        </Field>
        {options.webhookUrl.trim() ? (
          <Field id="webhook-body" label="What the webhook holds" wrong={wrongs["webhook-body"]}>
            <select
              id="webhook-body"
              class="input"
              value={options.webhookBody}
              onChange={(event) => set({ webhookBody: event.currentTarget.value as Options["webhookBody"] })}
            >
              <option value="full">The result as well</option>
              <option value="thin">A link to the job alone</option>
            </select>
          </Field>
        ) : null}
        <div class="span">
          <Field
            id="metadata"
            label="Metadata"
            hint="A JSON object of your own, given back with the job; 4 kB at most."
            wrong={wrongs.metadata}
          >
            <textarea
              id="metadata"
              class="input code"
              rows={2}
              spellcheck={false}
              placeholder='{"case": "A-17"}'
              value={options.metadata}
              {...described("metadata", wrongs.metadata, true)}
              onInput={(event) => set({ metadata: event.currentTarget.value })}
            />
          </Field>
        </div>
      </div>
    </details>
  );
}

const DEFAULTS = new Set(["standard", "fail", "full"]);
