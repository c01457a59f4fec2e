import { nextRoute } from "#lib/server/host/next-route.ts";
import { attachmentCompletion } from "#lib/server/routes/attachments.ts";

export const dynamic = "force-dynamic";
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = nextRoute(attachmentCompletion);
