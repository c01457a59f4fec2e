import { z } from "zod";
import { nextCursor, pageQuery } from "#lib/apis/native/list-page.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";

const MAX_TITLE = 200;
/** What the database keeps of a session. */
const MAX_MESSAGES = 2_000;
const MAX_SEARCH = 200;

/** One line of visible text; its length is counted in characters, as in the database. */
const titleSchema = z
  .string()
  .meta({ minLength: 1, maxLength: MAX_TITLE })
  .transform((text) => stripInvisible(text).replace(/\s+/g, " ").trim())
  .refine((title) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(title), "must not be blank")
  .refine((title) => [...title].length <= MAX_TITLE, `must have at most ${MAX_TITLE} characters`);

/** Where a branch leaves another session. */
const branchSchema = z
  .object({
    id: z.uuid().describe("A session of the caller."),
    messages: z
      .int()
      .min(1)
      .max(MAX_MESSAGES)
      .describe("How many of its messages to begin with; all if it has fewer."),
  })
  .describe("Begins with the first messages of another session, which stays as it is.");

/** The body of `POST /api/sessions`. */
export const newSessionBodySchema = z.object({ title: titleSchema.nullish(), from: branchSchema.nullish() });

/** The body of `PATCH /api/sessions/[id]`. */
export const renamedSessionBodySchema = z.object({ title: titleSchema });

/** Where a page of the list ended. */
type Place = { updatedAt: string; id: string };

/** The query of `GET /api/sessions`. */
export const sessionListQuerySchema = z.object({
  ...pageQuery("sessions"),
  search: z
    .string()
    .max(MAX_SEARCH)
    .transform(stripInvisible)
    .optional()
    .describe("Only sessions with this text in their title, whatever its case and accents."),
});

type Summary = Place & { title: string; createdAt: string };
type Message = { role: "user" | "assistant"; content: string };

/** The body of `GET /api/sessions`. */
export function sessionListBody(sessions: readonly Summary[], next: Place | undefined): object {
  return {
    sessions: sessions.map(sessionBody),
    ...nextCursor(next && { at: next.updatedAt, id: next.id }),
  };
}

/** A session in every answer. */
export function sessionBody({ id, title, createdAt, updatedAt }: Summary): Record<string, unknown> {
  return { id, title, createdAt, updatedAt };
}

/** The body of `GET /api/sessions/[id]`. */
export function openSessionBody(session: Summary & { messages: readonly Message[] }): object {
  return {
    ...sessionBody(session),
    messages: session.messages.map(({ role, content }) => ({ role, content })),
  };
}
