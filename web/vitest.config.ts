import { defineConfig } from "vitest/config";

// Pure code only, without a DOM: what needs a page is tested in a browser (tests/browser).
export default defineConfig({
  test: {
    include: ["*/tests/**/*.test.ts"],
    environment: "node",
    pool: "threads",
    maxWorkers: 2,
    isolate: false,
  },
});
