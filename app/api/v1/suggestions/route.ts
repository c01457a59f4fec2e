import { nextRoute } from "#lib/server/host/next-route.ts";
import { suggestions } from "#lib/server/routes/suggestions.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(suggestions);
