import type {
  ModelList,
  ProtocolId,
  ProviderDefinition,
  ServiceProtocolId,
} from "#lib/providers/vendors/provider.ts";

/** Where the APIs of each protocol list their models; undefined where there are none. Sources: docs/PROVIDERS.md. */
const LISTS: Readonly<Record<ProtocolId | ServiceProtocolId, ModelList | undefined>> = {
  "openai-compatible": { path: "/models" },
  "openai-responses": { path: "/models" },
  anthropic: {
    path: "/v1/models?limit=1000",
    headers: { "anthropic-version": "2023-06-01" },
    pages: { field: "last_id", parameter: "after_id", more: "has_more" },
  },
  gemini: {
    path: "/v1beta/models?pageSize=1000",
    pages: { field: "nextPageToken", parameter: "pageToken" },
  },
  tavily: undefined,
  cloudflare: { path: "/ai/models/search?per_page=1000" },
};

/** Where a provider lists its models: the first of these that answers counts. Empty for a provider without a list. */
export function modelListsOf({ protocol, modelList, installed }: ProviderDefinition): readonly ModelList[] {
  return modelList === undefined ? (installed ?? [LISTS[protocol] ?? []].flat()) : [modelList];
}
