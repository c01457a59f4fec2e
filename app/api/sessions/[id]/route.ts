import { nextRoute } from "#lib/server/host/next-route.ts";
import { sessionById } from "#lib/server/routes/sessions.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(sessionById);
