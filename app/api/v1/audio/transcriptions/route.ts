import { nextRoute } from "#lib/server/host/next-route.ts";
import { transcriptions } from "#lib/server/routes/transcriptions.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(transcriptions);
