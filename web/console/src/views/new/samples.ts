import { type CriterionRow, type FieldRow, fromJson } from "../../state/sets";

export interface Sample {
  name: string;
  title: string;
  text: string;
  fields: FieldRow[];
  criteria: CriterionRow[];
}

const TEXTS = import.meta.glob<string>("../../../../../examples/*.md", {
  query: "?raw",
  import: "default",
  eager: true,
});
const FIELDS = import.meta.glob<unknown>("../../../../../examples/*.fields.json", {
  import: "default",
  eager: true,
});
const CRITERIA = import.meta.glob<unknown>("../../../../../examples/*.criteria.json", {
  import: "default",
  eager: true,
});

/** The documents of `examples/` that have a set of fields and one of criteria; they come with the page. */
export const SAMPLES: Sample[] = Object.entries(TEXTS).flatMap(([path, text]) => {
  const stem = path.slice(0, -".md".length);
  const fields = FIELDS[`${stem}.fields.json`];
  const criteria = CRITERIA[`${stem}.criteria.json`];
  if (!fields || !criteria) {
    return [];
  }
  const name = stem.slice(stem.lastIndexOf("/") + 1);
  const words = name.replaceAll("-", " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return [
    {
      name: `${name}.md`,
      title,
      text,
      fields: fromJson("fields", fields),
      criteria: fromJson("criteria", criteria),
    },
  ];
});
