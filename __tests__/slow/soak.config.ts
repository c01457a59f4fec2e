import { defineConfig } from "vitest/config";

/** `npm run soak:ledger`. */
export default defineConfig({
  test: {
    include: ["__tests__/slow/**/*.soak.ts"],
    globalSetup: ["./__tests__/slow/build.ts"],
    hookTimeout: 180_000,
    maxWorkers: 1,
  },
});
