import type { z } from "zod";
import { callbackQuerySchema, newPasswordSchema, resetSchema } from "#lib/apis/native/accounts.ts";
import { ownPath } from "#lib/browser/own-path.ts";
import { assertSameOrigin } from "#lib/server/auth/same-origin.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readQuery } from "#lib/server/http/query.ts";
import {
  CALLBACK,
  MAX_BYTES,
  returnAddress,
  signedIn,
  signedInAnswer,
  withCookies,
} from "#lib/server/routes/account-answers.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { EmailLink } from "#lib/services/identity/accounts.ts";

type Call<Body = undefined> = GatewayCall<"public", Body>;

/** `POST /api/auth/reset`: sends a link with which a new password can be set. */
export const authReset = declareRoute({
  path: "/api/auth/reset",
  access: "public",
  errors: "native",
  methods: {
    POST: {
      summary: "Send a link for a new password",
      description: "The answer is the same whether or not there is such an account.",
      answers: signedInAnswer,
      body: jsonBody({ schema: resetSchema, maxBytes: MAX_BYTES, read: ({ email }): string => email }),
      answer: reset,
    },
  },
});

/** `POST /api/auth/password`: a new password for whoever is signed in. */
export const authPassword = declareRoute({
  path: "/api/auth/password",
  access: "user",
  errors: "native",
  methods: {
    POST: {
      summary: "Set a new password",
      answers: signedInAnswer,
      body: jsonBody({
        schema: newPasswordSchema,
        maxBytes: MAX_BYTES,
        read: ({ password }: z.output<typeof newPasswordSchema>): string => password,
      }),
      answer: setPassword,
    },
  },
});

/** `GET /api/auth/callback`: where links of e-mails lead. */
export const authCallback = declareRoute({
  path: CALLBACK,
  access: "public",
  errors: "native",
  methods: {
    GET: {
      summary: "Sign in by a link of an e-mail",
      description: "Goes on to `next`, a path of the site's own pages.",
      query: callbackQuerySchema,
      answers: async () => ({ 303: { description: "To `next`, or to the page for signing in." } }),
      answer: callback,
    },
  },
});

async function reset({ gateway, request, host, body }: Call<string>): Promise<PlainResponse> {
  assertSameOrigin(request, gateway.env);
  const { accounts, limiter } = gateway.accounts;
  // Each counts: a stranger must not fill somebody's inbox.
  limiter.begin(clientAddress(request, host, gateway.env), body);
  const setCookies = await accounts.sendReset(request, body, returnAddress(gateway.env, "/reset-password"));
  return withCookies(jsonResponse({ ok: true, checkEmail: true }), setCookies);
}

async function setPassword({ gateway, request, body }: GatewayCall<"user", string>): Promise<PlainResponse> {
  assertSameOrigin(request, gateway.env);
  const result = await gateway.accounts.accounts.setPassword(request, body);
  return signedIn(result, "The session has expired. Ask for a new link.");
}

async function callback({ gateway, request }: Call): Promise<PlainResponse> {
  // Scanners of e-mails ask with HEAD: the link works once, and is for its reader.
  if (request.method === "HEAD")
    return new PlainResponse(null, { status: 303, headers: { location: "/sign-in" } });
  const { code, token_hash: tokenHash, type, next } = readQuery(request, callbackQuerySchema);
  const link: EmailLink | undefined =
    code !== undefined
      ? { code }
      : tokenHash !== undefined && type !== undefined
        ? { tokenHash, type }
        : undefined;
  const result = link === undefined ? undefined : await gateway.accounts.accounts.redeem(request, link);
  const isIn = result?.kind === "signed-in";
  const location = isIn ? ownPath(next) : "/sign-in?problem=link";
  const answer = new PlainResponse(null, { status: 303, headers: { location } });
  return withCookies(answer, result?.setCookies ?? []);
}
