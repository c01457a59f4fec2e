import { z } from "zod";
import { accountGone, actingFor, lacksOwner } from "#lib/adapters/supabase/acting-for.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { DatabaseAnswer } from "#lib/adapters/supabase/database-error.ts";
import {
  sanitizeJsonForPostgres,
  sanitizeTextForPostgres,
} from "#lib/adapters/supabase/sanitize-for-postgres.ts";
import {
  type AttachedFile,
  FILE_TYPES,
  type FileType,
  MAX_FILE_BYTES,
} from "#lib/services/documents/attached-file.ts";
import type { AttachmentStore, StoredFiles } from "#lib/services/documents/attachment-store.ts";
import { cleanFileName } from "#lib/services/documents/file-name.ts";
import type { Caller } from "#lib/services/identity/caller.ts";

export type SupabaseAttachmentStoreOptions = {
  clients: SupabaseClients;
  /** How long a call may take, milliseconds; 10,000 by default. A file is megabytes. */
  timeoutMs?: number | undefined;
};

const TABLE = "ai_attachments";
/** What is loaded at once, bytes as they are stored: base64 and JSON are larger than the files. */
const MAX_LOADED = 2 * MAX_FILE_BYTES;
const MAX_PAGES = 1_000_000;
const UNIQUE_VIOLATION = "23505";

// Loose: users can write their own rows without the gateway.
const documentSchema = z.object({
  sections: z.array(z.object({ label: z.string().optional(), text: z.string() })),
  notes: z.array(z.string()).catch([]),
});
const fileSchema = z.object({
  id: z.string(),
  session_id: z.string().nullable(),
  name: z.string(),
  type: z.enum(FILE_TYPES),
  bytes: z.coerce.number(),
  pages: z.coerce.number().nullish(),
  digest: z.string(),
  document: documentSchema.nullish().catch(undefined),
  content: z.string().nullish(),
});
const insertedSchema = z.array(z.object({ id: z.string() })).min(1);

/** How the images that engines take begin, in base64. */
const IMAGE_HEADS: readonly (readonly [head: string, mediaType: string])[] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["UklGR", "image/webp"],
  ["R0lGOD", "image/gif"],
];
const NOT_BASE64 = /[^A-Za-z0-9+/=]/;

/**
 * Users' files on Supabase. Users act as themselves, under row level security; a gateway key acts by the service
 * role. Every call names the owner as well.
 */
export function createSupabaseAttachmentStore(options: SupabaseAttachmentStoreOptions): AttachmentStore {
  const { clients, timeoutMs = 10_000 } = options;
  const read = async (caller: Caller, which: object, signal: AbortSignal): Promise<StoredFiles> => {
    const { client, failure } = actingFor(clients, caller);
    const query = { user_id: caller.userId, max_bytes: MAX_LOADED, ...which };
    const answer = await client
      .rpc("read_attachments", { p_query: query })
      .abortSignal(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    if (answer.error) {
      signal.throwIfAborted();
      throw failure(answer);
    }
    return storedFiles(answer.data);
  };
  return {
    async add(caller, file, sessionId) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .insert({ ...fileRow(file), user_id: caller.userId, ...(sessionId && { session_id: sessionId }) })
        .select("id")
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (sessionId !== undefined && isSettled(answer)) return undefined;
      if (answer.error) throw lacksOwner(answer) ? accountGone(answer.error) : failure(answer);
      return insertedSchema.parse(answer.data)[0]?.id;
    },
    async bind(caller, id, sessionId) {
      const { client, failure } = actingFor(clients, caller);
      const answer = await client
        .from(TABLE)
        .update({ session_id: sessionId })
        .eq("id", id)
        .eq("user_id", caller.userId)
        .is("session_id", null)
        .select("id")
        .abortSignal(AbortSignal.timeout(timeoutMs));
      if (answer.error === null) return answer.data.length > 0;
      if (isSettled(answer)) return true;
      throw failure(answer);
    },
    find: (caller, ids, signal) => read(caller, { ids }, signal),
    ofSession: (caller, sessionId, signal) => read(caller, { session_id: sessionId }, signal),
  };
}

/** The session has the file already, or was deleted meanwhile, and its files with it. */
function isSettled(answer: DatabaseAnswer): boolean {
  return answer.error?.code === UNIQUE_VIOLATION || lacksOwner(answer);
}

function fileRow({ name, type, bytes, pages, digest, document, dataUrl }: AttachedFile) {
  return {
    ...{ name: sanitizeTextForPostgres(name), type, bytes, digest },
    // A hostile file claims any number.
    pages: pages === undefined ? null : Math.min(Math.max(0, Math.trunc(pages)), MAX_PAGES),
    document: document === undefined ? null : sanitizeJsonForPostgres(document),
    content: dataUrl === undefined ? null : dataUrl.slice(dataUrl.indexOf(",") + 1),
  };
}

/** What cannot be read is left out, as if it were not there. */
function storedFiles(data: unknown): StoredFiles {
  const rows = z.array(z.unknown()).parse(data);
  const files: AttachedFile[] = [];
  const unloaded: { id: string; name: string }[] = [];
  for (const row of rows) {
    const parsed = fileSchema.safeParse(row);
    if (!parsed.success) continue;
    const { id, session_id, type, bytes, pages, digest, document, content } = parsed.data;
    const name = cleanFileName(parsed.data.name, "file");
    const dataUrl = dataUrlOf(type, content);
    if (document == null && dataUrl === undefined) unloaded.push({ id, name });
    else {
      const stored = { id, sessionId: session_id ?? undefined, name, type, bytes, digest };
      files.push({ ...stored, pages: pages ?? undefined, document: document ?? undefined, dataUrl });
    }
  }
  return { files, unloaded };
}

function dataUrlOf(type: FileType, content: string | null | undefined): string | undefined {
  if (content == null || NOT_BASE64.test(content)) return undefined;
  const mediaType =
    type === "image" ? IMAGE_HEADS.find(([head]) => content.startsWith(head))?.[1] : "application/pdf";
  return mediaType === undefined ? undefined : `data:${mediaType};base64,${content}`;
}
