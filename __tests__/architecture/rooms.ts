/**
 * The rooms of the house, the lowest first. A file belongs to the room with the longest name that its path
 * begins with, and may import from lower rooms only. A new folder is a new row.
 */
const ROOMS: readonly string[] = [
  "lib/shared/",
  "lib/sanitize/",
  "lib/streaming/",
  "lib/browser/",
  "lib/chat/",
  "lib/embeddings/",
  "lib/transcription/",
  "lib/speech/",
  "lib/images/",
  "lib/ai-models.ts",
  "lib/prompts/",
  "lib/model-text/",
  "lib/providers/failures/",
  "lib/providers/vendors/",
  "lib/providers/catalogue/",
  "lib/providers/registry.ts",
  "lib/providers/health/",
  "lib/providers/prices/",
  "lib/providers/cost.ts",
  "lib/providers/walk/",
  "lib/providers/failover.ts",
  "lib/providers/cache.ts",
  "lib/providers/protocols/",
  "lib/providers/call/",
  "lib/providers/embeddings/",
  "lib/providers/transcription/",
  "lib/providers/speech/",
  "lib/providers/images/",
  "lib/providers/chat/",
  "lib/tools/",
  "lib/plugins/",
  "lib/documents/",
  "lib/export/",
  "lib/manus/",
  "lib/memory/",
  "lib/agent/",
  "lib/router/",
  "lib/apis/",
  "lib/services/ports.ts",
  "lib/services/health/",
  "lib/services/identity/",
  "lib/services/admission/",
  "lib/services/plugins/",
  "lib/services/ledger/",
  "lib/services/tools/",
  "lib/services/mcp/",
  "lib/services/manus/",
  "lib/services/telemetry/",
  "lib/services/storage/",
  "lib/services/documents/",
  "lib/services/exports/",
  "lib/services/memory/",
  "lib/services/sessions/",
  "lib/services/quota/",
  "lib/services/overrides/",
  "lib/services/shared-state/",
  "lib/services/engines/",
  "lib/services/run/",
  "lib/services/speech/",
  "lib/services/images/",
  "lib/services/model-check/",
  "lib/services/admin/",
  "lib/services/chat/",
  "lib/services/",
  "lib/services/agent/",
  "lib/adapters/",
  "lib/local-supabase/",
  "lib/public-env.ts",
  "lib/server/env/",
  "lib/server/http/",
  "lib/server/auth/",
  "lib/server/openapi/",
  "lib/server/wiring/",
  "lib/server/routes/",
  "lib/server/host/",
  "lib/server/doctor/",
  "lib/server/cli/",
  "app/",
];

/** The room of a file, by its path from the root; undefined when it stands in none. */
export function roomOf(path: string): string | undefined {
  return ROOMS.filter((room) => path.startsWith(room)).sort((a, b) => b.length - a.length)[0];
}

/** How high a room stands. */
export function rankOf(room: string): number {
  return ROOMS.indexOf(room);
}

/** Rooms in which no file stands. */
export function emptyRooms(paths: readonly string[]): string[] {
  const used = new Set(paths.map(roomOf));
  return ROOMS.filter((room) => !used.has(room));
}
