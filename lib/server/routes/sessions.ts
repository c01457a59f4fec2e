import type { z } from "zod";
import {
  newSessionBodySchema,
  openSessionBody,
  renamedSessionBodySchema,
  sessionBody,
  sessionListBody,
  sessionListQuerySchema,
} from "#lib/apis/native/sessions.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import type { BranchPoint } from "#lib/services/sessions/session-store.ts";
import {
  branchSession,
  createSession,
  deleteSession,
  listSessions,
  openSession,
  renameSession,
} from "#lib/services/sessions/sessions.ts";

type NewSession = { title: string | undefined; from: BranchPoint | undefined };
type NewTitle = z.output<typeof renamedSessionBodySchema>;

const loadSchemas = () => import("#lib/apis/native/sessions-answer-schema.ts");

/** `GET /api/sessions` lists the caller's saved conversations, `POST /api/sessions` makes one. */
export const sessions = declareRoute({
  path: "/api/sessions",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "The caller's saved conversations",
      description: "`nextCursor` is there if there are more.",
      query: sessionListQuerySchema,
      answers: async () => ({
        200: { description: "The newest change first.", json: (await loadSchemas()).sessionListSchema },
      }),
      answer: list,
    },
    POST: {
      summary: "Make a conversation",
      description:
        "An empty one, or with `from` one that goes on from the first messages of another. A user keeps 50; the one " +
        "that was not used for the longest time makes room.",
      answers: async () => ({
        201: { description: "The conversation.", json: (await loadSchemas()).sessionSchema },
      }),
      body: jsonBody({
        schema: newSessionBodySchema,
        maxBytes: MEGABYTE,
        isOptional: true,
        read: ({ title, from }): NewSession => ({ title: title ?? undefined, from: from ?? undefined }),
      }),
      answer: create,
    },
  },
});

/** `GET`, `PATCH` and `DELETE /api/sessions/[id]`: opens, renames and deletes a saved conversation. */
export const sessionById = declareRoute({
  path: "/api/sessions/[id]",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "A conversation with its messages",
      answers: async () => ({
        200: { description: "The oldest message first.", json: (await loadSchemas()).openSessionSchema },
      }),
      answer: open,
    },
    PATCH: {
      summary: "Rename a conversation",
      answers: async () => ({
        200: { description: "The conversation.", json: (await loadSchemas()).sessionSchema },
      }),
      body: jsonBody({
        schema: renamedSessionBodySchema,
        maxBytes: MEGABYTE,
        read: ({ title }): NewTitle => ({ title }),
      }),
      answer: rename,
    },
    DELETE: {
      summary: "Delete a conversation",
      description: "Its messages and files go with it. What its turns cost stays in the ledger.",
      answers: async () => ({ 204: { description: "The conversation is deleted." } }),
      answer: remove,
    },
  },
});

async function list({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const { limit, cursor, search } = readQuery(request, sessionListQuerySchema);
  const page = await listSessions(
    caller,
    { limit, after: cursor && { updatedAt: cursor.at, id: cursor.id }, search },
    gateway.sessions,
  );
  return jsonResponse(sessionListBody(page.sessions, page.next));
}

async function create({ gateway, caller, body }: GatewayCall<"caller", NewSession>): Promise<PlainResponse> {
  const { title, from } = body;
  const made =
    from === undefined
      ? await createSession(caller, title, gateway.sessions)
      : await branchSession(caller, { from, title }, gateway.sessions);
  return jsonResponse(sessionBody(made), { status: 201 });
}

async function open({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  return jsonResponse(openSessionBody(await openSession(caller, pathId(request), gateway.sessions)));
}

async function rename(call: GatewayCall<"caller", NewTitle>): Promise<PlainResponse> {
  const { gateway, caller, request, body } = call;
  const renamed = await renameSession(caller, { id: pathId(request), title: body.title }, gateway.sessions);
  return jsonResponse(sessionBody(renamed));
}

async function remove({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  await deleteSession(caller, pathId(request), gateway.sessions);
  return new PlainResponse(null, { status: 204 });
}
