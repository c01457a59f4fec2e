import { nextRoute } from "#lib/server/host/next-route.ts";
import { imagesEdits } from "#lib/server/routes/openai-images.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(imagesEdits);
