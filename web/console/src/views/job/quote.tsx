import type { Evidence } from "../../api/types";
import type { Quote } from "../../results/claims";
import { Icon, type IconName } from "../../ui/icon";

export const KINDS: Record<Evidence["status"], { icon: IconName; name: string; about: string }> = {
  exact: { icon: "check", name: "Exact", about: "stands in the document character for character" },
  normalised: {
    icon: "approx",
    name: "Normalised",
    about: "stands in the document, in another form of writing",
  },
  not_found: { icon: "cross", name: "Not found", about: "does not stand in the document" },
  image: { icon: "image", name: "From image", about: "was read off the image of a page" },
};

/** A quote; pressing it goes to its place in the document. */
function QuoteButton({
  quote,
  active,
  onJump,
}: {
  quote: Quote;
  active: boolean;
  onJump: (id: number) => void;
}) {
  const { quote: words, status, page } = quote.evidence;
  const { icon, name, about } = KINDS[status];
  return (
    <button
      type="button"
      id={`quote-${quote.id}`}
      class={`quote ${status}`}
      data-quote={quote.id}
      data-status={status}
      {...(active ? { "aria-current": "true" } : {})}
      onClick={() => onJump(quote.id)}
    >
      <span class="quote-words">{words}</span>
      <span class="quote-foot">
        <span class="quote-kind" title={`This quote ${about}`}>
          <Icon name={icon} size={12} /> {name}
        </span>
        {page === null ? null : <span>page {page}</span>}
      </span>
    </button>
  );
}

export function Quotes(props: {
  quotes: readonly Quote[];
  selected: number | null;
  onJump: (id: number) => void;
}) {
  if (props.quotes.length === 0) {
    return null;
  }
  return (
    <ul class="quotes" aria-label="Quotes">
      {props.quotes.map((quote) => (
        <li key={quote.id}>
          <QuoteButton quote={quote} active={props.selected === quote.id} onJump={props.onJump} />
        </li>
      ))}
    </ul>
  );
}
