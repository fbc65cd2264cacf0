import type { Claim, Quote } from "./claims";
import { inWords } from "./format";

/** A result as CSV (RFC 4180), one line for each quote, or one for what has none. */
export function csv(claims: readonly Claim[]): string {
  const rows = claims.flatMap((claim) => {
    const [name, value, more] = cellsOf(claim);
    const quotes = claim.quotes.length > 0 ? claim.quotes : [null];
    return quotes.map((quote) => [name, value, more, ...quoteCells(quote)]);
  });
  const header = [...headerOf(claims[0]), "quote", "quote status", "page", "start", "end"];
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
}

function headerOf(claim: Claim | undefined): [string, string, string] {
  switch (claim?.kind) {
    case "criterion":
      return ["criterion", "verdict", "reasoning"];
    case "point":
      return ["key point", "", ""];
    default:
      return ["field", "value", "unit"];
  }
}

function cellsOf(claim: Claim): [string, string, string] {
  switch (claim.kind) {
    case "criterion":
      return [claim.criterion, claim.verdict, claim.reasoning];
    case "point":
      return [claim.text, "", ""];
    case "field":
      return [claim.name, claim.value === null ? "" : inWords(claim.value), claim.unit ?? ""];
  }
}

function quoteCells(quote: Quote | null): string[] {
  if (quote === null) {
    return ["", "", "", "", ""];
  }
  const { quote: words, status, page, start, end } = quote.evidence;
  return [words, status, ...[page, start, end].map((number) => (number === null ? "" : String(number)))];
}

const FORMULA = /^\s*[=+\-@\t\r＝＋－＠]/;
/** Where a spreadsheet that parts cells by semicolons or tabs sees another cell, though the text is in quotes. */
const INNER_FORMULA = /([;\t\r\n])(?=[\s"']*[=+\-@＝＋－＠])/g;

/** What a spreadsheet would take for a formula is marked as text; the document's author may have written it. */
function cell(value: string): string {
  const formula = FORMULA.test(value) && !/^[+-]?\d+([.,]\d+)*%?$/.test(value);
  const text = (formula ? `'${value}` : value).replace(INNER_FORMULA, "$1'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
