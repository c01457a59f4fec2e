// A provider, as docs/CONTRIBUTING.md describes: one row in `PROVIDERS` (lib/providers/vendors/providers.ts).
import { HOST_DIALECT } from "#lib/providers/vendors/openai-dialect.ts";
import type { ProviderDefinition } from "#lib/providers/vendors/provider.ts";

export const acme: ProviderDefinition = {
  id: "acme",
  name: "Acme",
  protocol: "openai-compatible",
  baseUrl: "https://api.acme.example/v1",
  baseUrlEnv: "ACME_BASE_URL",
  credentials: { kind: "key", env: "ACME_API_KEY" },
  chat: { dialect: { ...HOST_DIALECT, maxTokensField: "max_completion_tokens" } },
};
