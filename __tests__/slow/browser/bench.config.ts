import { defineConfig } from "vitest/config";

/** `npm run bench:pages` and `npm run pictures`. */
export default defineConfig({
  test: {
    include: ["__tests__/slow/browser/*.{bench,pictures}.ts"],
    globalSetup: ["./__tests__/slow/build.ts", "./__tests__/support/global-supabase.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
  },
});
