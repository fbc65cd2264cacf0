import { useRef, useState } from "preact/hooks";
import { toast } from "../../state/announce";
import { fromJson, type Kind, load, names, type Rows, remove, save, toJson } from "../../state/sets";
import { Field } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { useDialog } from "../../ui/parts";
import { saveFile } from "../../ui/save-file";

interface Props<K extends Kind> {
  kind: K;
  rows: Rows[K];
  onLoad: (rows: Rows[K]) => void;
}

/** Sets of fields or criteria, kept in this browser; in files they look as in `examples/`. */
export function SavedSets<K extends Kind>(props: Props<K>) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button small quiet" onClick={() => setOpen(true)}>
        Saved sets
      </button>
      {open ? <Sets {...props} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Sets<K extends Kind>({ kind, rows, onLoad, onClose }: Props<K> & { onClose: () => void }) {
  const dialog = useDialog(onClose);
  const input = useRef<HTMLInputElement>(null);
  const [saved, setSaved] = useState(() => names(kind));
  const [name, setName] = useState("");
  const use = (chosen: Rows[K], words: string) => {
    onLoad(chosen);
    toast(words);
    onClose();
  };
  const keep = (event: Event) => {
    event.preventDefault();
    if (save(kind, name.trim(), rows)) {
      toast(`Saved as ${name.trim()} in this browser`);
      setSaved(names(kind));
      setName("");
    } else {
      toast("This browser keeps nothing for this page: export the set instead.", "wrong");
    }
  };
  const open = (chosen: string) => {
    const set = load(kind, chosen);
    if (set) {
      use(set, `${chosen} loaded`);
    }
  };
  const read = async (file: File | undefined) => {
    try {
      if (file) {
        use(fromJson(kind, JSON.parse(await file.text())), `${file.name} loaded`);
      }
    } catch (error) {
      toast(`${file?.name}: ${error instanceof Error ? error.message : "cannot be read"}`, "wrong");
    }
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="sets-title">
      <div class="row apart">
        <h2 id="sets-title">Saved sets of {kind}</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      {saved.length === 0 ? <p class="muted">None in this browser yet.</p> : null}
      <ul class="stack" aria-label="Saved sets">
        {saved.map((each) => (
          <li class="row apart" key={each}>
            <span class="wrap">{each}</span>
            <span class="row">
              <button
                type="button"
                class="button small"
                onClick={() => open(each)}
                aria-label={`Load ${each}`}
              >
                Load
              </button>
              <button
                type="button"
                class="button small quiet"
                aria-label={`Delete ${each}`}
                onClick={() => {
                  remove(kind, each);
                  setSaved(names(kind));
                }}
              >
                Delete
              </button>
            </span>
          </li>
        ))}
      </ul>
      <form class="row set-name" onSubmit={keep}>
        <Field id="set-name" label="Save these rows as">
          <input
            id="set-name"
            class="input"
            maxLength={80}
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </Field>
        <button type="submit" class="button" disabled={!name.trim() || rows.length === 0}>
          Save
        </button>
      </form>
      <div class="row">
        <button type="button" class="button small" onClick={() => input.current?.click()}>
          <Icon name="upload" /> Import JSON
        </button>
        <button
          type="button"
          class="button small"
          disabled={rows.length === 0}
          onClick={() =>
            saveFile(
              `set.${kind}.json`,
              "application/json",
              `${JSON.stringify(toJson(kind, rows), null, 2)}\n`,
            )
          }
        >
          <Icon name="download" /> Export JSON
        </button>
        <input
          ref={input}
          type="file"
          class="hidden"
          accept=".json,application/json"
          aria-label={`Import a set of ${kind}`}
          tabIndex={-1}
          onChange={(event) => {
            void read(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </div>
    </dialog>
  );
}
