declare const __PDFJS_VERSION__: string;

declare module "virtual:pdf-cmaps" {
  const maps: Record<string, string>;
  export default maps;
}
