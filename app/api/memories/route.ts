import { nextRoute } from "#lib/server/host/next-route.ts";
import { memories } from "#lib/server/routes/memories.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(memories);
