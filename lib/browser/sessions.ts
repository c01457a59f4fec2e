import { arrayField, stringField } from "#lib/shared/json.ts";

/** A saved conversation in a list. */
export type SessionView = {
  id: string;
  title: string;
  /** ISO 8601. */
  updatedAt: string;
};
export type SessionPage = { sessions: readonly SessionView[]; nextCursor: string | undefined };

/** An answer of `GET /api/sessions`. */
export function readSessions(answer: unknown): SessionPage {
  const sessions = arrayField(answer, "sessions").map((session) => ({
    id: stringField(session, "id") ?? "",
    title: stringField(session, "title") ?? "",
    updatedAt: stringField(session, "updatedAt") ?? "",
  }));
  return { sessions, nextCursor: stringField(answer, "nextCursor") };
}
