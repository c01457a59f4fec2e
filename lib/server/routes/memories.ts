import { z } from "zod";
import {
  memoryBody,
  memoryBodySchema,
  memoryListBody,
  readMemoryBody,
  type WantedMemory,
} from "#lib/apis/native/memories.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const idSchema = z.uuid();
const loadSchemas = () => import("#lib/apis/native/memories-answer-schema.ts");

/** `/api/memories`: what is remembered of the user, seen and changed by the user. */
export const memories = declareRoute({
  path: "/api/memories",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "What is remembered of the user",
      answers: async () => ({
        200: { description: "The oldest first.", json: (await loadSchemas()).memoryListSchema },
      }),
      answer: list,
    },
    PUT: {
      summary: "Add or edit a memory",
      description:
        "`{ fact }` adds a fact (201; 200 if the user has it already), `{ id, fact }` edits one. 30 facts of 1 to " +
        "1,000 characters are kept. Keys, passwords and numbers of cards and accounts are refused with 422.",
      answers: async () => {
        const { memorySchema } = await loadSchemas();
        return {
          200: { description: "The memory that was edited, or that the user had.", json: memorySchema },
          201: { description: "The new memory.", json: memorySchema },
        };
      },
      body: jsonBody({ schema: memoryBodySchema, maxBytes: MEGABYTE, read: readMemoryBody }),
      answer: put,
    },
    DELETE: {
      summary: "Delete memories",
      description: "`?id=` deletes one memory, `?all=true` all of them.",
      answers: async () => ({ 204: { description: "They are deleted." } }),
      answer: remove,
    },
  },
});

async function list({ gateway, caller }: GatewayCall<"caller">): Promise<PlainResponse> {
  return jsonResponse(memoryListBody(await gateway.memories.list(caller)));
}

async function put({ gateway, caller, body }: GatewayCall<"caller", WantedMemory>): Promise<PlainResponse> {
  const { id, fact } = body;
  if (id !== undefined) return jsonResponse(memoryBody(await gateway.memories.edit(caller, id, fact)));
  const { memory, isNew } = await gateway.memories.add(caller, fact);
  return jsonResponse(memoryBody(memory), { status: isNew ? 201 : 200 });
}

async function remove({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const query = new URL(request.url).searchParams;
  const id = query.get("id");
  const all = query.get("all");
  if ((id === null) === (all !== "true") || (all !== null && all !== "true")) {
    throw new GatewayError("invalid_request", "Name what to delete: either ?id=, or ?all=true.");
  }
  if (id === null) await gateway.memories.removeAll(caller);
  else if (idSchema.safeParse(id).success) await gateway.memories.remove(caller, id);
  else throw new GatewayError("not_found", "You have no such memory.");
  return new PlainResponse(null, { status: 204 });
}
