import { defineConfig } from "vitest/config";

/** Tests that start whole servers: they take turns, since Next.js allows one of each kind in a folder. */
export default defineConfig({
  test: {
    include: ["__tests__/slow/**/*.test.ts"],
    globalSetup: ["./__tests__/slow/build.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
  },
});
