import { setShortcuts, shortcuts } from "../state/preferences";
import { useStore } from "../state/store";
import { Icon } from "./icon";
import { PLACES } from "./keys";
import { useDialog } from "./parts";

/** The keyboard shortcuts, and a switch for them. */
export function Help({ onClose }: { onClose: () => void }) {
  const dialog = useDialog(onClose);
  const on = useStore(shortcuts);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="help-title">
      <div class="row apart">
        <h2 id="help-title">Keyboard shortcuts</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      <div class="keys">
        <span>
          <kbd>?</kbd>
        </span>
        <span>These shortcuts</span>
        {Object.entries(PLACES).map(([key, [, name]]) => [
          <span key={key}>
            <kbd>g</kbd> <kbd>{key}</kbd>
          </span>,
          <span key={`${key} words`}>{name}</span>,
        ])}
        <span>
          <kbd>j</kbd> <kbd>k</kbd>
        </span>
        <span>Next and previous quote of a result</span>
        <span>
          <kbd>Enter</kbd>
        </span>
        <span>On a quote: to its place in the document</span>
        <span>
          <kbd>Esc</kbd>
        </span>
        <span>In the document: back to the quote</span>
        <span>
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </span>
        <span>Submit the job, in its form</span>
      </div>
      <label class="check">
        <input type="checkbox" checked={on} onChange={(event) => setShortcuts(event.currentTarget.checked)} />
        Single-key shortcuts are on
      </label>
    </dialog>
  );
}
