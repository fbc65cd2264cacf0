import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const PDFJS = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
const { version } = JSON.parse(readFileSync(join(PDFJS, "package.json"), "utf8")) as { version: string };
// WebAssembly needs a wider Content-Security-Policy; these are the same decoders in plain JavaScript.
const DECODERS = ["jbig2_nowasm_fallback.js", "openjpeg_nowasm_fallback.js"];
const CMAPS = "virtual:pdf-cmaps";

/**
 * What pdf.js loads while it works, as modules: API Gateway hands on text alone, so character maps and fonts are
 * base64 in JavaScript, each fetched where a document needs it.
 */
export function pdfData(): Plugin {
  return {
    name: "claimcheck:pdf-data",
    enforce: "pre", // before Vite takes a font for a file of its own
    config: () => ({ define: { __PDFJS_VERSION__: JSON.stringify(version) } }),
    resolveId: (id) => (id === CMAPS ? `\0${CMAPS}` : null),
    load(id) {
      if (id === `\0${CMAPS}`) {
        const folder = join(PDFJS, "cmaps");
        const names = readdirSync(folder).filter((name) => name.endsWith(".bcmap"));
        const entries = names.map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);
        return `export default ${JSON.stringify(Object.fromEntries(entries))};`;
      }
      if (id.endsWith("?base64")) {
        return `export default ${JSON.stringify(readFileSync(id.slice(0, -"?base64".length)).toString("base64"))};`;
      }
      return null;
    },
    generateBundle() {
      const prefix = `pdfjs-${version}-`;
      for (const name of DECODERS) {
        const source = readFileSync(join(PDFJS, "wasm", name), "utf8");
        this.emitFile({ type: "asset", fileName: `assets/${prefix}${name}`, source });
      }
      // pdf.js puts a name behind an address that has to end with `/`; all files here lie in one folder
      const source = `const name = new URL(import.meta.url).search.slice(2);
if (!${JSON.stringify(DECODERS)}.includes(name)) throw new Error("no such decoder");
export default (await import(\`./${prefix}\${name}\`)).default;
`;
      this.emitFile({ type: "asset", fileName: `assets/${prefix}decoders.js`, source });
    },
  };
}
