import { nextRoute } from "#lib/server/http/next-route.ts";
import { notFound } from "#lib/server/routes/not-found.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(notFound);
