import { nextRoute } from "#lib/server/host/next-route.ts";
import { audioSpeech } from "#lib/server/routes/speech.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(audioSpeech);
