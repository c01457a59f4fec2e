import { nextRoute } from "#lib/server/host/next-route.ts";
import { inputTokens } from "#lib/server/routes/input-tokens.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(inputTokens);
