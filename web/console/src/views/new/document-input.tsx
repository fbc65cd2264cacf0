import { useRef, useState } from "preact/hooks";
import { bytes } from "../../results/format";
import { announce } from "../../state/announce";
import { useStore } from "../../state/store";
import { described, Segments, Wrong } from "../../ui/form";
import { Icon } from "../../ui/icon";
import { change, criterionRow, draft, fieldRow, type Wrongs } from "./draft";
import { ACCEPTED, refusalOf } from "./media";
import type { Sample } from "./samples";

/** The document: a file that is dropped or chosen, a text that is pasted, or a sample. */
export function DocumentInput({ wrongs, onWrong }: { wrongs: Wrongs; onWrong: (wrongs: Wrongs) => void }) {
  const { mode, file, text } = useStore(draft);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const take = (files: FileList | null | undefined) => {
    const first = files?.[0];
    if (!first) {
      return;
    }
    const refusal = refusalOf(first);
    const more = (files?.length ?? 0) > 1 ? "A job is about one document: the first one was taken." : null;
    onWrong(refusal ? { file: refusal } : more ? { file: more } : {});
    if (!refusal) {
      change({ mode: "file", file: first });
      announce(`${first.name} chosen`);
    }
  };

  return (
    <section
      class="card stack"
      aria-labelledby="document-title"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) {
          setOver(false);
        }
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <div class="row apart">
        <h2 id="document-title">Document</h2>
        <Segments
          name="mode"
          label="Where the document comes from"
          value={mode}
          options={[
            ["file", "File"],
            ["text", "Paste text"],
          ]}
          onChange={(chosen) => change({ mode: chosen })}
        />
      </div>
      {mode === "file" ? (
        <div class={`drop ${over ? "over" : ""} ${wrongs.file ? "bad" : ""} ${file ? "full" : ""}`}>
          <input
            ref={input}
            id="file"
            type="file"
            class="hidden"
            accept={ACCEPTED}
            aria-label="Document file"
            {...described("file", wrongs.file)}
            onChange={(event) => {
              take(event.currentTarget.files);
              event.currentTarget.value = "";
            }}
          />
          {file ? (
            <Chosen
              file={file}
              onRemove={() => change({ file: null })}
              onOther={() => input.current?.click()}
            />
          ) : (
            <>
              <Icon name="upload" size={20} />
              <p>
                <button type="button" class="link" onClick={() => input.current?.click()}>
                  Choose a file
                </button>{" "}
                or drop it here
              </p>
              <p class="hint">
                PDF, Word, Excel, PowerPoint, mail, HTML, CSV, text, scans and photos, up to 200 MB
              </p>
              <Samples onWrong={onWrong} />
            </>
          )}
          <Wrong id="file" text={wrongs.file} />
        </div>
      ) : (
        <div class="field">
          <label for="text" class="hidden">
            Text of the document
          </label>
          <textarea
            id="text"
            class="input"
            rows={10}
            placeholder="Paste the text of the document"
            value={text}
            {...described("text", wrongs.text)}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
          <Wrong id="text" text={wrongs.text} />
        </div>
      )}
    </section>
  );
}

function Chosen(props: { file: File; onRemove: () => void; onOther: () => void }) {
  return (
    <div class="chosen">
      <Icon name="file" size={20} />
      <div class="chosen-name">
        <p class="wrap">{props.file.name}</p>
        <p class="hint">{bytes(props.file.size)}</p>
      </div>
      <div class="row">
        <button type="button" class="button small" onClick={props.onOther}>
          Change
        </button>
        <button type="button" class="button small quiet" onClick={props.onRemove}>
          Remove
        </button>
      </div>
    </div>
  );
}

/** Four documents to try; their fields and criteria are filled in where the form has none yet. */
function Samples({ onWrong }: { onWrong: (wrongs: Wrongs) => void }) {
  const [samples, setSamples] = useState<Sample[] | null>(null);
  const show = () => {
    import("./samples").then(
      (module) => setSamples(module.SAMPLES),
      () => onWrong({ file: "The samples could not be loaded. Check the connection." }),
    );
  };
  if (samples === null) {
    return (
      <p class="hint">
        No document at hand?{" "}
        <button type="button" class="link" onClick={show}>
          Try a sample
        </button>
      </p>
    );
  }
  return (
    <ul class="row samples" aria-label="Samples">
      {samples.map((sample) => (
        <li key={sample.name}>
          <button type="button" class="button small" onClick={() => use(sample, onWrong)}>
            {sample.title}
          </button>
        </li>
      ))}
    </ul>
  );
}

async function use(sample: Sample, onWrong: (wrongs: Wrongs) => void): Promise<void> {
  const { fields, criteria } = draft.value;
  onWrong({});
  try {
    change({
      mode: "file",
      file: new File([await sample.bytes()], sample.name, { type: sample.mediaType }),
      ...(fields.some((row) => row.name) ? {} : { fields: sample.fields.map(fieldRow) }),
      ...(criteria.some((row) => row.criterion) ? {} : { criteria: sample.criteria.map(criterionRow) }),
    });
    announce(`${sample.title} chosen`);
  } catch {
    onWrong({ file: "The sample could not be loaded. Check the connection." });
  }
}
