import { cloudflareDraw } from "#lib/providers/protocols/cloudflare/draw.ts";
import { cloudflareSpeech } from "#lib/providers/protocols/cloudflare/speak.ts";
import { cloudflareTranscriptions } from "#lib/providers/protocols/cloudflare/transcribe.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

/** Workers AI: each model has a shape of its own, in one envelope. */
export const cloudflare: Protocol = {
  id: "cloudflare",
  authHeaders: (credential) => ({ authorization: `Bearer ${tokenOf(credential)}` }),
  transcribe: cloudflareTranscriptions,
  speak: cloudflareSpeech,
  draw: cloudflareDraw,
};
