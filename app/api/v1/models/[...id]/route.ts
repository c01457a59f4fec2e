import { nextRoute } from "#lib/server/host/next-route.ts";
import { modelById } from "#lib/server/routes/models.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(modelById);
