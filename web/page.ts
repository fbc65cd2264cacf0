import type { Plugin, UserConfig } from "vite";

/**
 * How a page of this folder is built: into `.built/NAME`, served at `NAME` (no slash at its end), so its HTML says
 * `NAME/assets/…`: relative, since a stage's name may stand before it. Names of assets carry a hash of their content.
 */
export function page(name: string): UserConfig {
  return {
    base: "./",
    // No file of its own is a `data:` address in a script or style: the page's Content-Security-Policy is strict.
    build: {
      outDir: `../.built/${name}`,
      emptyOutDir: true,
      target: "es2023",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2000,
    },
    plugins: [below(name)],
  };
}

function below(name: string): Plugin {
  return {
    name: "claimcheck:below",
    transformIndexHtml: {
      order: "post",
      handler: (html) => html.replaceAll('"./assets/', `"${name}/assets/`),
    },
  };
}
