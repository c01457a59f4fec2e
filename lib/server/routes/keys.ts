import {
  createdKeyBody,
  gatewayKeyBodySchema,
  type KeyBudget,
  keyListBody,
  readGatewayKey,
  type WantedKey,
} from "#lib/apis/native/keys.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { realProviders } from "#lib/server/wiring/providers.ts";
import {
  budgetCoverage,
  createGatewayKey,
  listGatewayKeys,
  revokeGatewayKey,
} from "#lib/services/identity/gateway-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const loadSchemas = () => import("#lib/apis/native/keys-answer-schema.ts");

/** `POST /api/keys` creates a gateway key of the user and shows it once, `GET /api/keys` lists them. */
export const keys = declareRoute({
  path: "/api/keys",
  access: "user",
  errors: "native",
  methods: {
    POST: {
      summary: "Create a gateway key",
      description:
        "The key is shown in this answer and never again. With `usdPerMonth`, `budget` lists the configured " +
        "providers that count against it and those that are assumed to be free.",
      answers: async () => ({
        201: { description: "The key.", json: (await loadSchemas()).createdKeySchema },
      }),
      body: jsonBody({ schema: gatewayKeyBodySchema, maxBytes: MEGABYTE, read: readGatewayKey }),
      answer: create,
    },
    GET: {
      summary: "The user's gateway keys",
      answers: async () => ({
        200: { description: "Live keys first.", json: (await loadSchemas()).keyListSchema },
      }),
      answer: list,
    },
  },
});

/** `DELETE /api/keys/[id]` revokes a gateway key of the user. */
export const keyById = declareRoute({
  path: "/api/keys/[id]",
  access: "user",
  errors: "native",
  methods: {
    DELETE: {
      summary: "Revoke a gateway key",
      answers: async () => ({ 204: { description: "The key is revoked." } }),
      answer: revoke,
    },
  },
});

async function list({ gateway, caller }: GatewayCall<"user">): Promise<PlainResponse> {
  return jsonResponse(keyListBody(await listGatewayKeys(caller.userId, gateway.keys)));
}

async function create({ gateway, caller, body }: GatewayCall<"user", WantedKey>): Promise<PlainResponse> {
  const made = await createGatewayKey({ userId: caller.userId, ...body }, gateway.keys);
  const budget = body.limits.usdPerMonth === undefined ? undefined : budgetOf(gateway);
  return jsonResponse(createdKeyBody(made, budget), { status: 201 });
}

/** For a user who sets a budget: what it does not count. */
function budgetOf({ registry, sandboxed }: Gateway): KeyBudget {
  return budgetCoverage(registry, sandboxed ? [] : realProviders({ registry }));
}

async function revoke({ gateway, caller, request }: GatewayCall<"user">): Promise<PlainResponse> {
  const id = pathId(request);
  if (id === undefined) throw new GatewayError("not_found", "You have no such gateway key.");
  await revokeGatewayKey(id, caller.userId, gateway.keys);
  return new PlainResponse(null, { status: 204 });
}
