import { nextRoute } from "#lib/server/host/next-route.ts";
import { countTokens } from "#lib/server/routes/count-tokens.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(countTokens);
