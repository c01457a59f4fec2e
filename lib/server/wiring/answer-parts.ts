import type { Env } from "#lib/server/env/env.ts";
import type { createChat } from "#lib/server/wiring/chat.ts";
import type { createCompletion } from "#lib/server/wiring/completion.ts";
import type { createEmbeddings } from "#lib/server/wiring/embeddings.ts";
import type { McpPart } from "#lib/server/wiring/mcp.ts";
import type { MediaSources } from "#lib/server/wiring/media-parts.ts";
import type { createToolServing } from "#lib/server/wiring/tool-serving.ts";
import type { WebSearchPart } from "#lib/server/wiring/web-search.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import type { UploadDependencies } from "#lib/services/documents/upload-file.ts";
import type { ImagesDependencies } from "#lib/services/images/draw.ts";
import type { ManusDependencies } from "#lib/services/manus/manus-dependencies.ts";
import { mcpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import type { Memories } from "#lib/services/memory/memories.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";
import { derived, type Lazy, lazy } from "#lib/shared/lazy.ts";
import type { Tool } from "#lib/tools/tool.ts";

type AnswerMakers = {
  createChat: typeof createChat;
  createCompletion: typeof createCompletion;
  createEmbeddings: typeof createEmbeddings;
  createToolServing: typeof createToolServing;
};

export type AnswerSources = {
  callParts: MediaSources["callParts"];
  tools: Lazy<readonly Tool[]>;
  plugins: Lazy<PluginDependencies>;
  manus: Lazy<ManusDependencies>;
  mcp: Lazy<McpPart>;
  webSearch: Lazy<WebSearchPart | undefined>;
  files: Lazy<Pick<UploadDependencies, "attachments">>;
  memories: Lazy<Memories>;
  documents: Lazy<DocumentReader>;
  images: Lazy<ImagesDependencies>;
  env: Env;
};

/** What answers: native chat, the OpenAI-compatible routes, and the tools. */
export function answerParts(
  {
    callParts,
    tools,
    plugins,
    manus,
    mcp,
    webSearch,
    files,
    memories,
    documents,
    images,
    env,
  }: AnswerSources,
  make: AnswerMakers,
) {
  const ofCatalogue = () => callParts.value;
  return {
    chat: derived(ofCatalogue, (parts) =>
      make.createChat({
        ...parts,
        tools: tools.value,
        plugins: plugins.value,
        manus: manus.value,
        mcp: mcpToolSource(mcp),
        webSearch: webSearch.value,
        attachments: files.value.attachments,
        memories: memories.value,
        images: () => images.value,
        env,
      }),
    ),
    completion: derived(ofCatalogue, (parts) => make.createCompletion({ ...parts, documents, mcp })),
    embeddings: derived(ofCatalogue, (parts) => make.createEmbeddings(parts)),
    toolServing: lazy(() => {
      const { engines, identity } = callParts.value;
      return make.createToolServing({
        ...{ live: tools.value, webSearch: webSearch.value, documents: () => documents.value },
        ...{ admission: identity.admission, clock: engines.effects.clock, logger: engines.logger },
      });
    }),
  };
}
