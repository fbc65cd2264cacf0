/** What a file is called in a request; the service decides by its content (docs/documents.md). */
const OFFICE = "application/vnd.openxmlformats-officedocument.";
const BY_ENDING: Record<string, string> = {
  csv: "text/csv",
  htm: "text/html",
  html: "text/html",
  xhtml: "application/xhtml+xml",
  eml: "message/rfc822",
  md: "text/markdown",
  txt: "text/plain",
  pdf: "application/pdf",
  docx: `${OFFICE}wordprocessingml.document`,
  xlsx: `${OFFICE}spreadsheetml.sheet`,
  pptx: `${OFFICE}presentationml.presentation`,
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  tif: "image/tiff",
  tiff: "image/tiff",
  webp: "image/webp",
};

export const ACCEPTED = Object.keys(BY_ENDING)
  .map((ending) => `.${ending}`)
  .join(",");

const NOT_READ: Record<string, string> = {
  doc: "Save it as .docx first.",
  xls: "Save it as .xlsx first.",
  ppt: "Save it as .pptx first.",
  msg: "Save the mail as .eml first.",
  rtf: "Save it as .docx first.",
  odt: "Save it as .docx first.",
  ods: "Save it as .xlsx first.",
  heic: "Save the picture as .jpg first.",
  gif: "Save the picture as .png first.",
  zip: "Unpack it, and hand in each document.",
};

export function mediaType(name: string): string {
  return BY_ENDING[ending(name)] ?? "application/octet-stream";
}

/** What to do with a file that is not read; null where it is, or may be. */
export function refusalOf(file: { name: string; size: number }): string | null {
  if (file.size === 0) {
    return "This file is empty.";
  }
  const advice = NOT_READ[ending(file.name)];
  return advice === undefined ? null : `.${ending(file.name)} files are not read. ${advice}`;
}

export function isText(type: string): boolean {
  return type === "text/plain" || type === "text/markdown";
}

function ending(name: string): string {
  return /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}
