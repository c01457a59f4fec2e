import { nextRoute } from "#lib/server/host/next-route.ts";
import { adminRequests } from "#lib/server/routes/admin-requests.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(adminRequests);
