import type { Registry } from "#lib/providers/registry.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { TurnLedgerPart } from "#lib/server/wiring/ledger.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { PartReader } from "#lib/services/documents/read-parts.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { McpDependencies } from "#lib/services/mcp/mcp-servers.ts";
import { mcpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import { type Lazy, lazy } from "#lib/shared/lazy.ts";

export type CompletionParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: Pick<TurnLedgerPart, "ledger">;
  /** Made with the first document. */
  documents: Lazy<DocumentReader>;
  /** Made with the first request that names a server. */
  mcp: Lazy<McpDependencies>;
};

/** Chats through the public APIs of OpenAI and Anthropic. */
export function createCompletion({
  engines,
  registry,
  identity,
  ledger,
  documents,
  mcp,
}: CompletionParts): CompletionDependencies {
  return {
    ...engines,
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
    documents: new PartReader(() => documents.value, engines.effects.clock),
    mcp: lazy(() => ({ ...mcpToolSource(mcp), servers: [...mcp.value.servers.values()] })),
    randomHex,
  };
}
