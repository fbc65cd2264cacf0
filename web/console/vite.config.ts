import { defineConfig, mergeConfig } from "vite";
import { page } from "../page.ts";
import { pdfData } from "./pdf-data.ts";

export default defineConfig(mergeConfig(page("console"), { plugins: [pdfData()] }));
