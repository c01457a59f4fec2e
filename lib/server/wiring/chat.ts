import type { Registry } from "#lib/providers/registry.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { TurnLedgerPart } from "#lib/server/wiring/ledger.ts";
import { chatMemory } from "#lib/server/wiring/memory.ts";
import { randomHex } from "#lib/server/wiring/random.ts";
import type { WebSearchPart } from "#lib/server/wiring/web-search.ts";
import { modeAsker } from "#lib/services/ask-mode.ts";
import { documentContributor } from "#lib/services/chat/document-contributor.ts";
import { engineAnswerer } from "#lib/services/chat/engine-answerer.ts";
import { imageAnswerer } from "#lib/services/chat/image-answerer.ts";
import { imageFinder } from "#lib/services/chat/image-finder.ts";
import { mcpContributor } from "#lib/services/chat/mcp-contributor.ts";
import { pluginAnswerer } from "#lib/services/chat/plugin-answerer.ts";
import { pluginFinder } from "#lib/services/chat/plugin-finder.ts";
import { promptContributor } from "#lib/services/chat/prompt-contributor.ts";
import type { ChatDependencies } from "#lib/services/chat/start-turn.ts";
import { taskAnswerer } from "#lib/services/chat/task-answerer.ts";
import { taskFinder } from "#lib/services/chat/task-finder.ts";
import { toolsContributor } from "#lib/services/chat/tools-contributor.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { ImagesDependencies } from "#lib/services/images/draw.ts";
import type { ManusDependencies } from "#lib/services/manus/manus-dependencies.ts";
import type { McpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import type { Memories } from "#lib/services/memory/memories.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";
import type { Tool } from "#lib/tools/tool.ts";

export type ChatParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: TurnLedgerPart;
  /** What fetches data for a message before an engine is asked. */
  tools: readonly Tool[];
  plugins: PluginDependencies;
  manus: ManusDependencies;
  /** The users' files. */
  attachments: AttachmentStore;
  /** What is remembered of users. */
  memories: Memories;
  /** Undefined without a search service. */
  webSearch: WebSearchPart | undefined;
  /** The tools of MCP servers. */
  mcp: McpToolSource;
  /** What draws; made with the first image. */
  images(): ImagesDependencies;
  env: Pick<Env, "ENABLE_AUTO_ROUTE" | "ENABLE_MEMORY">;
};

/** Native chat. */
export function createChat(parts: ChatParts): ChatDependencies {
  const { engines, registry, identity, ledger, tools, plugins, manus, webSearch, env, mcp } = parts;
  const { clock } = engines.effects;
  const { turns, begins } = ledger;
  const memory = chatMemory({ ...parts, admission: identity.admission });
  const answerByEngines = engineAnswerer({ ...engines, web: { tool: webSearch?.tool, randomHex } });
  return {
    ...engines,
    registry,
    clock,
    turns,
    begins,
    ledger: ledger.ledger,
    admission: identity.admission,
    randomHex,
    mcp,
    routeFinders: [imageFinder, pluginFinder(plugins), taskFinder(manus)],
    modeAsker: env.ENABLE_AUTO_ROUTE ? modeAsker({ ...engines, registry, turns, randomHex }) : undefined,
    contributors: [
      promptContributor({ clock, randomHex }),
      ...memory.contributors,
      documentContributor({ ...engines, attachments: parts.attachments, randomHex }),
      toolsContributor({ tools, clock, randomHex, logger: engines.logger }),
      mcpContributor(mcp),
    ],
    answerers: [
      imageAnswerer({ images: parts.images, attachments: parts.attachments }),
      pluginAnswerer({ plugins, engines: answerByEngines, logger: engines.logger }),
      taskAnswerer({ manus, engines: answerByEngines }),
      answerByEngines,
    ],
    followUps: memory.followUps,
  };
}
