import { defineConfig } from "vite";
import { page } from "../page";

export default defineConfig(page("docs"));
