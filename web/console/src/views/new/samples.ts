import { type CriterionRow, type FieldRow, fromJson } from "../../state/sets";

/** A document of `examples/` with what the guides ask of it. */
export interface Sample {
  title: string;
  name: string;
  mediaType: string;
  bytes: () => Promise<Uint8Array<ArrayBuffer>>;
  fields: FieldRow[];
  criteria: CriterionRow[];
}

const SETS = import.meta.glob<unknown>("../../../../../examples/*.{fields,criteria}.json", {
  import: "default",
  eager: true,
});
const DOCUMENTS = import.meta.glob<string>(
  [
    "../../../../../examples/{services-contract,insurance-claim-scan}.pdf",
    "../../../../../examples/{loan-application,annual-report}.md",
  ],
  { query: "?base64", import: "default" },
);

function sample(title: string, name: string, fields: string, criteria: string = fields): Sample {
  return {
    title,
    name,
    mediaType: name.endsWith(".pdf") ? "application/pdf" : "text/markdown",
    bytes: async () =>
      Uint8Array.from(atob((await named(DOCUMENTS, name)()) ?? ""), (char) => char.charCodeAt(0)),
    fields: fromJson("fields", named(SETS, `${fields}.fields.json`)),
    criteria: fromJson("criteria", named(SETS, `${criteria}.criteria.json`)),
  };
}

/** They come with the page, each when it is chosen; a scan, a PDF, and two texts. */
export const SAMPLES: Sample[] = [
  sample("Services contract", "services-contract.pdf", "contract-review"),
  sample("Loan application", "loan-application.md", "loan-screening"),
  sample("Scanned claim", "insurance-claim-scan.pdf", "insurance-claim-triage"),
  sample("Annual report", "annual-report.md", "report-summary", "annual-report"),
];

function named<T>(files: Record<string, T>, name: string): T {
  const path = Object.keys(files).find((each) => each.endsWith(`/${name}`));
  if (path === undefined) {
    throw new Error(`examples/${name} is missing`);
  }
  return files[path] as T;
}
