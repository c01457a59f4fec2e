import { cloudflareDraw } from "#lib/providers/protocols/cloudflare/draw.ts";
import type { Protocol } from "#lib/providers/protocols/protocol.ts";
import { tokenOf } from "#lib/providers/vendors/credentials.ts";

/** Workers AI: each model has a shape of its own, in one envelope. */
export const cloudflare: Protocol = {
  id: "cloudflare",
  authHeaders: (credential) => ({ authorization: `Bearer ${tokenOf(credential)}` }),
  draw: cloudflareDraw,
};
