import { nextRoute } from "#lib/server/host/next-route.ts";
import { responses } from "#lib/server/routes/responses.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(responses);
