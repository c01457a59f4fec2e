import { nextRoute } from "#lib/server/host/next-route.ts";
import { agent } from "#lib/server/routes/agent.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(agent);
