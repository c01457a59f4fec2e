import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import { tavilySearch } from "#lib/providers/protocols/tavily/search.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

export const tavily: Protocol = {
  id: "tavily",
  authHeaders: (credential) => ({ authorization: `Bearer ${tokenOf(credential)}` }),
  search: tavilySearch,
};
