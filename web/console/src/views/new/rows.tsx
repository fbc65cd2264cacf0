import { FIELD_TYPES } from "../../state/sets";
import { useStore } from "../../state/store";
import { described, Wrong } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { change, criterionRow, draft, fieldRow, type Wrongs } from "./draft";
import { SavedSets } from "./saved-sets";

const MOST = 200;

/** The fields to extract, a row each. */
export function FieldRows({ wrongs }: { wrongs: Wrongs }) {
  const { fields } = useStore(draft);
  const edit = (key: number, part: Partial<(typeof fields)[number]>) => {
    change({ fields: fields.map((row) => (row.key === key ? { ...row, ...part } : row)) });
  };
  const remove = (key: number, index: number) => {
    const left = fields.filter((row) => row.key !== key);
    change({ fields: left.length > 0 ? left : [fieldRow()] });
    focusSoon(`field-${(left[index] ?? left.at(-1))?.key}-name`);
  };
  const add = () => {
    const row = fieldRow();
    change({ fields: [...fields, row] });
    focusSoon(`field-${row.key}-name`);
  };
  return (
    <div class="stack">
      <ul class="rows" aria-label="Fields">
        <li class="rows-head" aria-hidden="true">
          <span>Name</span>
          <span>Type</span>
          <span>Description (optional)</span>
        </li>
        {fields.map((row, index) => {
          const id = `field-${row.key}`;
          const words = `Field ${index + 1}`;
          const wrong = wrongs[`${id}-name`] ?? wrongs[`${id}-type`] ?? wrongs[`${id}-description`];
          return (
            <li class="field-row" key={row.key}>
              <input
                id={`${id}-name`}
                class="input"
                aria-label={`${words}: name`}
                placeholder="governing law"
                maxLength={200}
                value={row.name}
                {...described(id, wrongs[`${id}-name`])}
                onInput={(event) => edit(row.key, { name: event.currentTarget.value })}
                onKeyDown={(event) => addOnEnter(event, index === fields.length - 1, add)}
              />
              <select
                id={`${id}-type`}
                class="input"
                aria-label={`${words}: type`}
                value={row.type}
                onChange={(event) => edit(row.key, { type: event.currentTarget.value })}
              >
                {FIELD_TYPES.map((type) => (
                  <option key={type} value={type}>
                    {type}
                  </option>
                ))}
              </select>
              <input
                id={`${id}-description`}
                class="input"
                aria-label={`${words}: description`}
                placeholder="What is meant, for the model"
                maxLength={1000}
                value={row.description}
                {...described(id, wrongs[`${id}-description`])}
                onInput={(event) => edit(row.key, { description: event.currentTarget.value })}
                onKeyDown={(event) => addOnEnter(event, index === fields.length - 1, add)}
              />
              <Remove label={`Remove field ${index + 1}`} onClick={() => remove(row.key, index)} />
              <Wrong id={id} text={wrong} />
            </li>
          );
        })}
      </ul>
      <div class="row apart">
        <AddButton full={fields.length >= MOST} onClick={add}>
          Add a field
        </AddButton>
        <SavedSets
          kind="fields"
          rows={fields.filter((row) => row.name)}
          onLoad={(rows) => change({ fields: rows.map(fieldRow) })}
        />
      </div>
    </div>
  );
}

/** The criteria to evaluate, a row each. */
export function CriterionRows({ wrongs }: { wrongs: Wrongs }) {
  const { criteria } = useStore(draft);
  const edit = (key: number, part: Partial<(typeof criteria)[number]>) => {
    change({ criteria: criteria.map((row) => (row.key === key ? { ...row, ...part } : row)) });
  };
  const remove = (key: number, index: number) => {
    const left = criteria.filter((row) => row.key !== key);
    change({ criteria: left.length > 0 ? left : [criterionRow()] });
    focusSoon(`criterion-${(left[index] ?? left.at(-1))?.key}`);
  };
  const add = () => {
    const row = criterionRow();
    change({ criteria: [...criteria, row] });
    focusSoon(`criterion-${row.key}`);
  };
  return (
    <div class="stack">
      <ul class="rows" aria-label="Criteria">
        <li class="rows-head criteria" aria-hidden="true">
          <span>Criterion</span>
          <span>Your id (optional)</span>
        </li>
        {criteria.map((row, index) => {
          const id = `criterion-${row.key}`;
          const wrong = wrongs[id] ?? wrongs[`${id}-id`];
          return (
            <li class="criterion-row" key={row.key}>
              <input
                id={id}
                class="input"
                aria-label={`Criterion ${index + 1}`}
                placeholder="Liability is capped"
                maxLength={2000}
                value={row.criterion}
                {...described(id, wrong)}
                onInput={(event) => edit(row.key, { criterion: event.currentTarget.value })}
                onKeyDown={(event) => addOnEnter(event, index === criteria.length - 1, add)}
              />
              <input
                id={`${id}-id`}
                class="input"
                aria-label={`Criterion ${index + 1}: your id`}
                placeholder={`c${index + 1}`}
                maxLength={200}
                value={row.id}
                onInput={(event) => edit(row.key, { id: event.currentTarget.value })}
              />
              <Remove label={`Remove criterion ${index + 1}`} onClick={() => remove(row.key, index)} />
              <Wrong id={id} text={wrong} />
            </li>
          );
        })}
      </ul>
      <div class="row apart">
        <AddButton full={criteria.length >= MOST} onClick={add}>
          Add a criterion
        </AddButton>
        <SavedSets
          kind="criteria"
          rows={criteria.filter((row) => row.criterion)}
          onLoad={(rows) => change({ criteria: rows.map(criterionRow) })}
        />
      </div>
    </div>
  );
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button type="button" class="button quiet square" aria-label={label} title={label} onClick={onClick}>
      <Icon name="cross" />
    </button>
  );
}

function AddButton(props: { full: boolean; onClick: () => void; children: string }) {
  return (
    <button type="button" class="button small" disabled={props.full} onClick={props.onClick}>
      <Icon name="plus" /> {props.full ? `${MOST} are the most` : props.children}
    </button>
  );
}

/** Enter in the last row adds one; it does not send the form. */
function addOnEnter(event: KeyboardEvent, isLast: boolean, add: () => void): void {
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) {
    event.preventDefault();
    if (isLast && (event.currentTarget as HTMLInputElement).value.trim()) {
      add();
    }
  }
}

function focusSoon(id: string): void {
  requestAnimationFrame(() => document.getElementById(id)?.focus());
}
