import { nextRoute } from "#lib/server/host/next-route.ts";
import { keyRotation } from "#lib/server/routes/keys.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(keyRotation);
