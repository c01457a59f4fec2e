import { nextRoute } from "#lib/server/host/next-route.ts";
import { tts } from "#lib/server/routes/speech.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(tts);
