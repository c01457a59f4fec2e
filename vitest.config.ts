import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["__tests__/**/*.test.ts"],
    exclude: ["__tests__/slow/**"],
    globalSetup: ["./__tests__/support/global-supabase.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Two cores: more workers than that only take turns.
    maxWorkers: 2,
  },
});
