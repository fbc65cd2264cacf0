import type { Plugin, UserConfig } from "vite";

/**
 * How a page of this folder is built: into `.built/NAME`, served at `NAME` (no slash at its end), so its HTML says
 * `NAME/assets/…`: relative, since a stage's name may stand before it. Names of assets carry a hash of their content,
 * and all of them are text: `.html`, `.js`, `.css`, `.svg`.
 */
export function page(name: string): UserConfig {
  return {
    base: "./",
    build: {
      outDir: `../.built/${name}`,
      emptyOutDir: true,
      target: "es2023",
      // Fonts are the one thing that goes into the style sheets; `font-src` allows for it.
      assetsInlineLimit: (file) => file.endsWith(".woff2"),
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 3000,
      rolldownOptions: {
        output: {
          assetFileNames: (asset) => {
            const script = asset.names[0]?.endsWith(".mjs");
            return `assets/[name]-[hash]${script ? ".js" : "[extname]"}`;
          },
        },
      },
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
