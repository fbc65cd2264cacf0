import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy } from "pdfjs-dist";
import workerUrl from "pdfjs-dist/build/pdf.worker.min.mjs?url";

GlobalWorkerOptions.workerSrc = workerUrl;
const FONTS = import.meta.glob<string>("../../../node_modules/pdfjs-dist/standard_fonts/*.{pfb,ttf}", {
  query: "?base64",
  import: "default",
});

interface Wanted {
  kind: "cMapUrl" | "standardFontDataUrl" | "wasmUrl";
  filename: string;
}

/** Character maps and fonts out of modules of this page (pdf-data.ts); nothing of another kind is there. */
class Modules {
  async fetch({ kind, filename }: Wanted): Promise<Uint8Array> {
    if (kind === "cMapUrl") {
      return decoded((await import("virtual:pdf-cmaps")).default[filename]);
    }
    const path = Object.keys(FONTS).find((each) => each.endsWith(`/${filename}`));
    return decoded(path === undefined ? undefined : await FONTS[path]?.());
  }
}

/** Open a PDF. Throws where it is none, is damaged or wants a password. */
export function open(data: ArrayBuffer): Promise<PDFDocumentProxy> {
  const task = getDocument({
    data: new Uint8Array(data),
    BinaryDataFactory: Modules,
    useWorkerFetch: false,
    useWasm: false,
    // `decoders.js?/NAME` is the decoder NAME (pdf-data.ts)
    wasmUrl: new URL(/* @vite-ignore */ `./pdfjs-${__PDFJS_VERSION__}-decoders.js?/`, import.meta.url).href,
    enableXfa: false,
    stopAtErrors: false,
    verbosity: 0,
  });
  return task.promise;
}

export async function pageCount(file: Blob): Promise<number> {
  const pdf = await open(await file.arrayBuffer());
  const { numPages } = pdf;
  await pdf.loadingTask.destroy();
  return numPages;
}

function decoded(base64: string | undefined): Uint8Array {
  if (base64 === undefined) {
    throw new Error("pdf.js asked for a file that this page does not have");
  }
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
