import { nextRoute } from "#lib/server/host/next-route.ts";
import { manus } from "#lib/server/routes/manus.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(manus);
