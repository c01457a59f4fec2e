import { nextRoute } from "#lib/server/host/next-route.ts";
import { messages } from "#lib/server/routes/messages.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(messages);
