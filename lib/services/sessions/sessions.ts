import type { Caller } from "#lib/services/identity/caller.ts";
import type {
  BranchPoint,
  Session,
  SessionStore,
  SessionSummary,
} from "#lib/services/sessions/session-store.ts";
import { titleMatcher } from "#lib/services/sessions/title-search.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type SessionDependencies = { store: SessionStore };

/** A place in the list: behind the session that was last changed at this time and has this id. */
export type SessionPlace = Pick<SessionSummary, "updatedAt" | "id">;

export type SessionQuery = {
  /** The largest number of sessions that the caller wants, at least 1. */
  limit: number;
  /** Where the page before ended; undefined for the first page. */
  after: SessionPlace | undefined;
  /** Only sessions with this text in their title. */
  search: string | undefined;
};

export type SessionPage = {
  sessions: SessionSummary[];
  /** Where the next page begins; undefined on the last one. */
  next: SessionPlace | undefined;
};

/** The caller's sessions, the newest change first. There are so few that the store gives all of them. */
export async function listSessions(
  caller: Caller,
  { limit, after, search }: SessionQuery,
  { store }: SessionDependencies,
): Promise<SessionPage> {
  const all = await store.list(caller);
  const matches = search === undefined ? () => true : titleMatcher(search);
  const rest = all.filter(
    (session) => (after === undefined || isBehind(session, after)) && matches(session.title),
  );
  const sessions = rest.slice(0, limit);
  return { sessions, next: rest.length > limit ? sessions.at(-1) : undefined };
}

/** Makes an empty session; without a title the database gives it one. */
export function createSession(
  caller: Caller,
  title: string | undefined,
  { store }: SessionDependencies,
): Promise<SessionSummary> {
  return store.create(caller, title);
}

/**
 * Makes a session that goes on from the first messages of another one; without a title it has the same. Throws
 * `not_found` for an unknown one and for another user's, as the next three.
 */
export async function branchSession(
  caller: Caller,
  { from, title }: { from: BranchPoint; title: string | undefined },
  { store }: SessionDependencies,
): Promise<SessionSummary> {
  return found(await store.branch(caller, from, title));
}

/** The session with its messages. */
export async function openSession(
  caller: Caller,
  id: string | undefined,
  { store }: SessionDependencies,
): Promise<Session> {
  return found(id === undefined ? undefined : await store.find(caller, id));
}

export async function renameSession(
  caller: Caller,
  { id, title }: { id: string | undefined; title: string },
  { store }: SessionDependencies,
): Promise<SessionSummary> {
  return found(id === undefined ? undefined : await store.rename(caller, id, title));
}

/** Deletes the session with its messages and files. A turn that is under way in it ends well and is not saved. */
export async function deleteSession(
  caller: Caller,
  id: string | undefined,
  { store }: SessionDependencies,
): Promise<void> {
  const wasThere = id !== undefined && (await store.remove(caller, id));
  if (!wasThere) throw noSuchSession();
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw noSuchSession();
  return value;
}

function noSuchSession(): GatewayError {
  return new GatewayError("not_found", "You have no such session.");
}

/** Whether the session comes later in a list whose newest is first. */
function isBehind(session: SessionPlace, place: SessionPlace): boolean {
  if (session.updatedAt !== place.updatedAt) return session.updatedAt < place.updatedAt;
  return session.id < place.id;
}
