import type { Route } from "#lib/server/http/route.ts";
import { authCallback, authPassword, authReset } from "#lib/server/routes/account-links.ts";
import { authDemo, authSession, authSignIn, authSignOut, authSignUp } from "#lib/server/routes/accounts.ts";
import { adminHealth } from "#lib/server/routes/admin-health.ts";
import { adminMcp } from "#lib/server/routes/admin-mcp.ts";
import { adminRequestById, adminRequests } from "#lib/server/routes/admin-requests.ts";
import { adminSeries } from "#lib/server/routes/admin-series.ts";
import { agent } from "#lib/server/routes/agent.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";
import { apiTable, serveApi } from "#lib/server/routes/api-table.ts";
import {
  attachmentById,
  attachmentCompletion,
  attachmentUpload,
  attachmentUploads,
} from "#lib/server/routes/attachments.ts";
import { chatCompletions } from "#lib/server/routes/chat-completions.ts";
import { countTokens } from "#lib/server/routes/count-tokens.ts";
import { embeddings } from "#lib/server/routes/embeddings.ts";
import { exportPdf } from "#lib/server/routes/export-pdf.ts";
import { exportXlsx } from "#lib/server/routes/export-xlsx.ts";
import type { GatewaySource } from "#lib/server/routes/gateway-route.ts";
import { health } from "#lib/server/routes/health.ts";
import { imagesEdit, imagesGenerate } from "#lib/server/routes/images.ts";
import { inputTokens } from "#lib/server/routes/input-tokens.ts";
import { keyById, keyRotation, keys } from "#lib/server/routes/keys.ts";
import { manus, manusTask, manusWebhook } from "#lib/server/routes/manus.ts";
import { mcp } from "#lib/server/routes/mcp.ts";
import { mcpCatalog } from "#lib/server/routes/mcp-catalog.ts";
import { mcpServer } from "#lib/server/routes/mcp-server.ts";
import { memories } from "#lib/server/routes/memories.ts";
import { messages } from "#lib/server/routes/messages.ts";
import { metrics } from "#lib/server/routes/metrics.ts";
import { modelById, models } from "#lib/server/routes/models.ts";
import { imagesEdits, imagesGenerations } from "#lib/server/routes/openai-images.ts";
import { overrideById, overrides } from "#lib/server/routes/overrides.ts";
import { pluginInvoke, plugins } from "#lib/server/routes/plugins.ts";
import { quota } from "#lib/server/routes/quota.ts";
import { responses } from "#lib/server/routes/responses.ts";
import { sessionById, sessions } from "#lib/server/routes/sessions.ts";
import { audioSpeech, tts } from "#lib/server/routes/speech.ts";
import { suggestions } from "#lib/server/routes/suggestions.ts";
import { stt, transcriptions } from "#lib/server/routes/transcriptions.ts";

/**
 * The table of all routes. Serving, the OpenAPI document, the hint of a 404 and the tests of access derive
 * from it. `app/api` has a file for each, which Next.js and Vercel read; a test compares them.
 */
export const API = apiTable([
  authSession,
  authSignIn,
  authSignUp,
  authDemo,
  authSignOut,
  authReset,
  authPassword,
  authCallback,
  aiChat,
  agent,
  attachmentUpload,
  attachmentById,
  attachmentUploads,
  attachmentCompletion,
  health,
  adminHealth,
  adminRequests,
  adminRequestById,
  adminSeries,
  adminMcp,
  metrics,
  sessions,
  sessionById,
  keys,
  keyById,
  keyRotation,
  memories,
  chatCompletions,
  embeddings,
  imagesGenerate,
  imagesEdit,
  imagesGenerations,
  imagesEdits,
  messages,
  countTokens,
  models,
  modelById,
  responses,
  inputTokens,
  plugins,
  pluginInvoke,
  mcp,
  mcpCatalog,
  mcpServer,
  manus,
  manusTask,
  manusWebhook,
  quota,
  suggestions,
  tts,
  audioSpeech,
  exportPdf,
  stt,
  transcriptions,
  exportXlsx,
  overrides,
  overrideById,
]);

export const { openApi, notFound } = API;

/** Finds the route of a path under `/api`, or `notFound`. */
export function apiRouter(source: GatewaySource): (pathname: string) => Route {
  return serveApi(API, source);
}
