import { z } from "zod";
import { quotaBody, quotaQuerySchema } from "#lib/apis/native/quota.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { quotaToday } from "#lib/services/quota/quota-today.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const userIdSchema = z.uuid();

/** `GET /api/v1/quota`: what the caller and the company have used today, and what remains. */
export const quota = declareRoute({
  path: "/api/v1/quota",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "What was used today, and what remains",
      description: "By mode, in the modes that the caller may use. `company`: all users together.",
      query: quotaQuerySchema,
      answers: async () => ({
        200: {
          description: "Turns of this UTC day.",
          json: (await import("#lib/apis/native/quota-answer-schema.ts")).quotaSchema,
        },
      }),
      answer,
    },
  },
});

async function answer({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const { user_id } = readQuery(request, quotaQuerySchema);
  const userId = user_id === undefined ? caller.userId : await userAskedFor(user_id, caller, gateway);
  return jsonResponse(quotaBody(await quotaToday(caller, userId, gateway.quota)));
}

/** Only an admin learns whether there is a user with some id. */
async function userAskedFor(text: string, caller: Caller, { isAdmin }: Gateway): Promise<string> {
  const id = userIdSchema.safeParse(text).data?.toLowerCase();
  if (id === caller.userId) return id;
  if (!(await isAdmin(caller))) {
    throw new GatewayError("forbidden", "Only admins see the quota of other users.");
  }
  if (id === undefined) throw new GatewayError("invalid_request", '"user_id": must be the id of a user.');
  return id;
}
