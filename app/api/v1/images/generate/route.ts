import { nextRoute } from "#lib/server/host/next-route.ts";
import { imagesGenerate } from "#lib/server/routes/images.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(imagesGenerate);
