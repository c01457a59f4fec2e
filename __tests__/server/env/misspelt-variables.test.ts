import { expect, test } from "vitest";
import { misspeltVariables } from "#lib/server/env/misspelt-variables.ts";

test.each([
  ["ENABLE_OPENAI_PROXI", "ENABLE_OPENAI_PROXY"],
  ["ENABLE_OPEN_AI_PROXY", "ENABLE_OPENAI_PROXY"],
  ["GROQ_API_KEYS", "GROQ_API_KEY"],
  ["groq_api_key", "GROQ_API_KEY"],
  ["OPENAI_API_KEY2", "OPENAI_API_KEY"],
  ["SUPABASE_SERVICE_ROL_KEY", "SUPABASE_SERVICE_ROLE_KEY"],
  ["SUPABASE_SERVICE_KEY", "SUPABASE_SERVICE_ROLE_KEY"],
  ["MODEL_CONFIG", "MODELS_CONFIG"],
  ["OPENAI_BASEURL", "OPENAI_BASE_URL"],
  ["GEMINI_API_KEY", "GOOGLE_GEMINI_API_KEY"],
  ["GOOGLE_API_KEY", "GOOGLE_GEMINI_API_KEY"],
  ["GROQ_KEY", "GROQ_API_KEY"],
  ["CORS_ORIGINS", "CORS_ALLOWED_ORIGINS"],
  ["SHUTDOWN_GRACE", "SHUTDOWN_GRACE_MS"],
])("%s looks like %s", (name, meant) => {
  expect(misspeltVariables(["PATH", name])).toEqual([{ name, meant }]);
});

test("known variables and those of other programs are not reported", () => {
  const ours = ["PORT", "GROQ_API_KEY", "GROQ_API_KEY_2", "OPENAI_BASE_URL", "PAID_PROVIDERS"];
  const others = [
    "PATH",
    "HOME",
    "HOSTNAME",
    "SHELL",
    "OLLAMA_HOST",
    "VERCEL_URL",
    "XAI_API_KEY",
    "DATABASE_URL",
  ];
  expect(misspeltVariables([...ours, ...others])).toEqual([]);
  expect(misspeltVariables(["GEMINI_API_KEY", "GOOGLE_GEMINI_API_KEY"])).toEqual([]);
  expect(misspeltVariables(["SUPABASE_SERVICE_KEY", "SUPABASE_SERVICE_ROLE_KEY"])).toEqual([]);
});
