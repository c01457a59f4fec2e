import {
  overrideBody,
  overrideBodySchema,
  overrideListBody,
  readOverride,
  type SentOverride,
} from "#lib/apis/native/overrides.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import { putOverride, removeOverride } from "#lib/services/overrides/manage-overrides.ts";
import { overridesBlock } from "#lib/services/overrides/overrides-block.ts";
import { instancesBlock } from "#lib/services/shared-state/instances-block.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const loadSchemas = () => import("#lib/apis/native/overrides-answer-schema.ts");
const body = jsonBody({ schema: overrideBodySchema, maxBytes: MEGABYTE, read: readOverride });

/** `/api/admin/overrides`: what administrators have switched off or reordered. */
export const overrides = declareRoute({
  path: "/api/admin/overrides",
  access: "admin",
  errors: "native",
  methods: {
    GET: {
      summary: "What administrators have switched off or reordered",
      description: "With the instances of the gateway that it reaches.",
      answers: async () => ({
        200: { description: "The oldest first.", json: (await loadSchemas()).overrideListSchema },
      }),
      answer: list,
    },
    PUT: {
      summary: "Switch an engine or provider off, or reorder a chain",
      description:
        "`off`: `engine` (`provider/model`) or `provider` is not called, in `mode` or everywhere. " +
        "`order`: the chain of `mode` begins with `engines`; its others follow in their order. There is one override " +
        "of a target: the same one again replaces note and expiry. In effect here at once, in other instances within " +
        "2 s.",
      answers: async () => {
        const { overrideSchema } = await loadSchemas();
        return {
          200: { description: "The override that was replaced.", json: overrideSchema },
          201: { description: "The new override.", json: overrideSchema },
        };
      },
      body,
      answer: put,
    },
  },
});

/** `/api/admin/overrides/[id]` */
export const overrideById = declareRoute({
  path: "/api/admin/overrides/[id]",
  access: "admin",
  errors: "native",
  methods: {
    PUT: {
      summary: "Replace an override",
      answers: async () => ({
        200: { description: "The override.", json: (await loadSchemas()).overrideSchema },
      }),
      body,
      answer: replace,
    },
    DELETE: {
      summary: "Take an override back",
      answers: async () => ({ 204: { description: "It is deleted." } }),
      answer: remove,
    },
  },
});

async function list({ gateway }: GatewayCall<"admin">): Promise<PlainResponse> {
  const [{ overrides }, instances] = await Promise.all([
    overridesBlock(gateway.shared.overrides),
    gateway.shared.state && instancesBlock(gateway.shared.state),
  ]);
  return jsonResponse(overrideListBody(overrides, instances));
}

async function put(call: GatewayCall<"admin", SentOverride>): Promise<PlainResponse> {
  const { override, created } = await save(call, undefined);
  return jsonResponse(overrideBody(override), { status: created ? 201 : 200 });
}

async function replace(call: GatewayCall<"admin", SentOverride>): Promise<PlainResponse> {
  const { override } = await save(call, idOf(call.request));
  return jsonResponse(overrideBody(override));
}

async function save(
  { gateway, caller, body, requestId }: GatewayCall<"admin", SentOverride>,
  id: string | undefined,
): ReturnType<typeof putOverride> {
  return putOverride({ ...body, id }, { userId: caller.userId, requestId }, gateway.shared.overrides);
}

async function remove({ gateway, caller, request, requestId }: GatewayCall<"admin">): Promise<PlainResponse> {
  await removeOverride(idOf(request), { userId: caller.userId, requestId }, gateway.shared.overrides);
  return new PlainResponse(null, { status: 204 });
}

function idOf(request: Request): string {
  const id = pathId(request);
  if (id === undefined) throw new GatewayError("not_found", "There is no such override.");
  return id;
}
