import { nextRoute } from "#lib/server/host/next-route.ts";
import { embeddings } from "#lib/server/routes/embeddings.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(embeddings);
