import { nextRoute } from "#lib/server/host/next-route.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(aiChat);
