import type { ComponentChildren } from "preact";
import { Icon } from "./icon";

/** A control with its label, its hint and what is wrong with it. */
export function Field(props: {
  id: string;
  label: ComponentChildren;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  children: ComponentChildren;
}) {
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.children}
      {props.hint ? (
        <p class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </p>
      ) : null}
      <Wrong id={props.id} text={props.wrong} />
    </div>
  );
}

export function Wrong({ id, text }: { id: string; text?: string | undefined }) {
  return text ? (
    <p class="wrong" id={`${id}-wrong`}>
      <Icon name="warn" size={12} /> <span>{text}</span>
    </p>
  ) : null;
}

interface Described {
  "aria-invalid"?: true;
  "aria-describedby"?: string;
}

/** What ties a control to its hint and to what is wrong with it. */
export function described(id: string, wrong: string | undefined, hint = false): Described {
  const parts = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean);
  return {
    ...(wrong ? { "aria-invalid": true } : {}),
    ...(parts.length > 0 ? { "aria-describedby": parts.join(" ") } : {}),
  };
}

/** A choice of a few, as radio buttons in one control. */
export function Segments<T extends string>(props: {
  name: string;
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset>
      <legend class="hidden">{props.label}</legend>
      <div class="segments">
        {props.options.map(([value, words]) => (
          <label key={value}>
            <input
              type="radio"
              name={props.name}
              value={value}
              checked={props.value === value}
              onChange={() => props.onChange(value)}
            />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
