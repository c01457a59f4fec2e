import type { z } from "zod";
import { adminRequestsQuerySchema } from "#lib/apis/native/admin-requests.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readExactQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import type { RequestFilter } from "#lib/services/admin/request-log.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const loadSchemas = () => import("#lib/apis/native/admin-requests-answer-schema.ts");

/** `GET /api/admin/requests`: the log of all users' requests, for administrators. */
export const adminRequests = declareRoute({
  path: "/api/admin/requests",
  access: "admin",
  errors: "native",
  methods: {
    GET: {
      summary: "The log of requests",
      description: "`nextCursor` is there if there are more. Never what was said.",
      query: adminRequestsQuerySchema,
      answers: async () => ({
        200: { description: "The newest first.", json: (await loadSchemas()).requestPageSchema },
      }),
      answer: list,
    },
  },
});

/** `GET /api/admin/requests/[id]`: one request with all its attempts and calls of tools. */
export const adminRequestById = declareRoute({
  path: "/api/admin/requests/[id]",
  access: "admin",
  errors: "native",
  methods: {
    GET: {
      summary: "A request with its attempts",
      answers: async () => ({
        200: { description: "The request.", json: (await loadSchemas()).requestRecordSchema },
      }),
      answer: find,
    },
  },
});

async function list({ gateway, request }: GatewayCall<"admin">): Promise<PlainResponse> {
  const query = readExactQuery(request, adminRequestsQuerySchema);
  const { limit, cursor } = query;
  return jsonResponse(await gateway.admin.requests.list(filterOf(query), { limit, cursor }));
}

/** Throws `invalid_request` for filters that exclude each other: an empty page would look like an answer. */
function filterOf(query: z.output<typeof adminRequestsQuerySchema>): RequestFilter {
  const { engine, provider, user, key, from, to, minCost, maxCost, cost, status, mode, route } = query;
  if (engine !== undefined && provider !== undefined && engine.provider !== provider)
    throw contradiction("provider", "engine");
  if (from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to))
    throw contradiction("to", "from");
  if (minCost !== undefined && maxCost !== undefined && minCost > maxCost)
    throw contradiction("maxCost", "minCost");
  if (cost !== undefined && (minCost !== undefined || maxCost !== undefined))
    throw contradiction("cost", minCost === undefined ? "maxCost" : "minCost");
  return {
    ...{ status, mode, provider: engine?.provider ?? provider, model: engine?.model, route },
    ...{ userId: user, keyId: key, from, to, minCostUsd: minCost, maxCostUsd: maxCost },
    unknownCost: cost === undefined ? undefined : true,
  };
}

function contradiction(one: string, other: string): GatewayError {
  return new GatewayError("invalid_request", `"${one}": leaves nothing together with "${other}".`);
}

async function find({ gateway, request }: GatewayCall<"admin">): Promise<PlainResponse> {
  const id = pathId(request);
  const found = id === undefined ? undefined : await gateway.admin.requests.find(id);
  if (found === undefined) throw new GatewayError("not_found", "There is no such request.");
  return jsonResponse(found);
}
