declare const __PDFJS_VERSION__: string;

declare module "*?base64" {
  const base64: string;
  export default base64;
}

declare module "virtual:pdf-cmaps" {
  const maps: Record<string, string>;
  export default maps;
}
