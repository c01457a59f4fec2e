import { nextRoute } from "#lib/server/host/next-route.ts";
import { chatCompletions } from "#lib/server/routes/chat-completions.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(chatCompletions);
