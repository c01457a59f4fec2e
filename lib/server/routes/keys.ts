import {
  gatewayKeyBodySchema,
  type KeyBudget,
  keyBody,
  keyChangesSchema,
  keyListBody,
  keyListQuerySchema,
  readGatewayKey,
  readKeyChanges,
  rotationSchema,
  secretKeyBody,
  type WantedKey,
} from "#lib/apis/native/keys.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { listedUser, managerOf, ownerOf } from "#lib/server/routes/key-manager.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { realProviders } from "#lib/server/wiring/providers.ts";
import {
  budgetCoverage,
  changeGatewayKey,
  createGatewayKey,
  readGatewayKey as openGatewayKey,
  revokeGatewayKey,
  rotateGatewayKey,
} from "#lib/services/identity/gateway-keys.ts";

type Changes = ReturnType<typeof readKeyChanges>;
type Rotation = { graceSeconds: number };

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
        201: { description: "The key.", json: (await loadSchemas()).secretKeySchema },
      }),
      body: jsonBody({ schema: gatewayKeyBodySchema, maxBytes: MEGABYTE, read: readGatewayKey }),
      answer: create,
    },
    GET: {
      summary: "The user's gateway keys",
      description:
        "All of the user's own. Administrators get those of all users with `all=true`, and of one with `user_id`, in " +
        "pages, the newest first.",
      query: keyListQuerySchema,
      answers: async () => ({
        200: { description: "Live keys first.", json: (await loadSchemas()).keyListSchema },
      }),
      answer: list,
    },
  },
});

/** `GET`, `PATCH` and `DELETE /api/keys/[id]`: shows, changes and revokes a gateway key. */
export const keyById = declareRoute({
  path: "/api/keys/[id]",
  access: "user",
  errors: "native",
  methods: {
    GET: {
      summary: "One gateway key",
      answers: async () => ({ 200: { description: "The key.", json: (await loadSchemas()).keySchema } }),
      answer: open,
    },
    PATCH: {
      summary: "Change a gateway key",
      description: "Only what the body names changes; null takes a limit away.",
      answers: async () => ({ 200: { description: "The key.", json: (await loadSchemas()).keySchema } }),
      body: jsonBody({ schema: keyChangesSchema, maxBytes: MEGABYTE, read: readKeyChanges }),
      answer: change,
    },
    DELETE: {
      summary: "Revoke a gateway key",
      answers: async () => ({ 204: { description: "The key is revoked." } }),
      answer: revoke,
    },
  },
});

/** `POST /api/keys/[id]/rotate` gives a gateway key a new secret and shows it once. */
export const keyRotation = declareRoute({
  path: "/api/keys/[id]/rotate",
  access: "user",
  errors: "native",
  methods: {
    POST: {
      summary: "Rotate a gateway key",
      description:
        "The new secret is shown in this answer and never again. The old one is accepted for `graceSeconds` more, " +
        "and older ones no longer than that: 0 ends them all. The id, limits and spending stay.",
      answers: async () => ({
        200: { description: "The key with its new secret.", json: (await loadSchemas()).secretKeySchema },
      }),
      body: jsonBody({
        schema: rotationSchema,
        maxBytes: MEGABYTE,
        isOptional: true,
        read: ({ graceSeconds }): Rotation => ({ graceSeconds }),
      }),
      answer: rotate,
    },
  },
});

async function list({ gateway, caller, request }: GatewayCall<"user">): Promise<PlainResponse> {
  const query = readQuery(request, keyListQuerySchema);
  const listed = await listedUser(query, caller, gateway);
  if (listed === "own") return jsonResponse(keyListBody(await gateway.keys.register.list(caller.userId)));
  const { userId } = listed;
  const page = await gateway.keys.register.page({ userId, after: query.cursor, limit: query.limit });
  return jsonResponse(keyListBody(page.keys, page.next));
}

async function create({ gateway, caller, body }: GatewayCall<"user", WantedKey>): Promise<PlainResponse> {
  const userId = await ownerOf(body.userId, caller, gateway);
  const made = await createGatewayKey({ ...body, userId }, caller.userId, gateway.keys);
  return jsonResponse(secretKeyBody(made, budgetIn(made, gateway)), { status: 201 });
}

async function open({ gateway, caller, request }: GatewayCall<"user">): Promise<PlainResponse> {
  const manager = await managerOf(caller, gateway);
  return jsonResponse(keyBody(await openGatewayKey(pathId(request), manager, gateway.keys)));
}

async function change(call: GatewayCall<"user", Changes>): Promise<PlainResponse> {
  const { gateway, caller, request, body } = call;
  const manager = await managerOf(caller, gateway);
  const changed = await changeGatewayKey(pathId(request), body, manager, gateway.keys);
  const setsBudget = body.usdPerMonth !== undefined;
  return jsonResponse(keyBody(changed, setsBudget ? budgetIn(changed, gateway) : undefined));
}

async function rotate(call: GatewayCall<"user", Rotation>): Promise<PlainResponse> {
  const { gateway, caller, request, body } = call;
  const manager = await managerOf(caller, gateway);
  const id = pathId(request, { before: "rotate" });
  return jsonResponse(secretKeyBody(await rotateGatewayKey(id, body.graceSeconds, manager, gateway.keys)));
}

async function revoke({ gateway, caller, request }: GatewayCall<"user">): Promise<PlainResponse> {
  await revokeGatewayKey(pathId(request), await managerOf(caller, gateway), gateway.keys);
  return new PlainResponse(null, { status: 204 });
}

/** For a user who sets a budget: what it does not count. */
function budgetIn(
  { limits }: { limits: { usdPerMonth?: number | undefined } },
  { registry, sandboxed, prices }: Gateway,
): KeyBudget | undefined {
  if (limits.usdPerMonth === undefined) return undefined;
  return budgetCoverage(registry, sandboxed ? [] : realProviders({ registry }), prices.current);
}
