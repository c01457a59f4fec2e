import { credentialsSchema, type SessionBody } from "#lib/apis/native/accounts.ts";
import { isFromThisMachine } from "#lib/server/auth/page-request.ts";
import { assertSameOrigin } from "#lib/server/auth/same-origin.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import {
  MAX_BYTES,
  returnAddress,
  signedIn,
  signedInAnswer,
  withCookies,
} from "#lib/server/routes/account-answers.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { Credentials } from "#lib/services/identity/accounts.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const loadSchemas = () => import("#lib/apis/native/accounts-answer-schema.ts");
const credentialsBody = jsonBody({
  schema: credentialsSchema,
  maxBytes: MAX_BYTES,
  read: ({ email, password }): Credentials => ({ email, password }),
});

type Call<Body = undefined> = GatewayCall<"public", Body>;

/** `GET /api/auth/session`: who is signed in in this browser. */
export const authSession = declareRoute({
  path: "/api/auth/session",
  access: "public",
  errors: "native",
  methods: {
    GET: {
      summary: "Who is signed in in this browser",
      description: "Renews a session that is about to expire. Nobody being signed in is no error.",
      answers: async () => ({
        200: { description: "The session.", json: (await loadSchemas()).sessionAnswerSchema },
      }),
      answer: session,
    },
  },
});

/** `POST /api/auth/sign-in`: a session for an address and its password. */
export const authSignIn = declareRoute({
  path: "/api/auth/sign-in",
  access: "public",
  errors: "native",
  methods: {
    POST: {
      summary: "Sign in with a password",
      answers: signedInAnswer,
      body: credentialsBody,
      answer: (call: Call<Credentials>) => signIn(call, call.body),
    },
  },
});

/** `POST /api/auth/sign-up`: a new account, if ENABLE_SIGN_UP allows it. */
export const authSignUp = declareRoute({
  path: "/api/auth/sign-up",
  access: "public",
  errors: "native",
  methods: {
    POST: { summary: "Make an account", answers: signedInAnswer, body: credentialsBody, answer: signUp },
  },
});

/** `POST /api/auth/demo`: signs in the demo user of a local run. */
export const authDemo = declareRoute({
  path: "/api/auth/demo",
  access: "public",
  errors: "native",
  methods: {
    POST: {
      summary: "Sign in as the demo user",
      description: "On a local run, from this machine only.",
      answers: signedInAnswer,
      answer: demo,
    },
  },
});

/** `POST /api/auth/sign-out`: ends the session of this browser. */
export const authSignOut = declareRoute({
  path: "/api/auth/sign-out",
  access: "public",
  errors: "native",
  methods: {
    POST: {
      summary: "Sign out",
      answers: async () => ({ 204: { description: "The session has ended." } }),
      answer: signOut,
    },
  },
});

async function session({ gateway, request, host }: Call): Promise<PlainResponse> {
  const { signUp, demo } = gateway.accounts;
  const settings = { signUp, demo: demo !== undefined && isFromThisMachine(request, host, gateway.env) };
  const found = await gateway.authenticator.authenticate(request, host).catch((error: unknown) => {
    if (error instanceof GatewayError && error.code === "unauthorized") return undefined;
    throw error;
  });
  if (found?.caller.kind !== "user") return jsonResponse({ user: null, ...settings } satisfies SessionBody);
  const { caller, setCookies } = found;
  const email = caller.email ?? null;
  const isDemo = demo !== undefined && email === demo.email;
  const user = { id: caller.userId, email, isAdmin: await gateway.isAdmin(caller), isDemo };
  return withCookies(jsonResponse({ user, ...settings } satisfies SessionBody), setCookies);
}

async function signIn(call: Call<unknown>, credentials: Credentials): Promise<PlainResponse> {
  const { gateway, request, host } = call;
  assertSameOrigin(request, gateway.env);
  const { accounts, limiter } = gateway.accounts;
  const takeBack = limiter.begin(clientAddress(request, host, gateway.env), credentials.email);
  let isWrong = false;
  try {
    const result = await accounts.signIn(request, credentials);
    isWrong = result.kind === "wrong";
    return signedIn(result, "The e-mail address or the password is wrong.");
  } finally {
    if (!isWrong) takeBack();
  }
}

async function signUp({ gateway, request, host, body }: Call<Credentials>): Promise<PlainResponse> {
  assertSameOrigin(request, gateway.env);
  const { accounts, limiter, signUp: isOpen } = gateway.accounts;
  if (!isOpen) {
    throw new GatewayError(
      "forbidden",
      "Nobody can make an account here by themselves. Ask the operator for one.",
    );
  }
  // Each counts: every account has a quota of its own, and may send an e-mail to a stranger.
  limiter.begin(clientAddress(request, host, gateway.env), body.email);
  const result = await accounts.signUp(request, body, returnAddress(gateway.env, "/"));
  return signedIn(result, "No account could be made with this address.");
}

async function demo(call: Call): Promise<PlainResponse> {
  const { gateway, request, host } = call;
  const { demo: user } = gateway.accounts;
  assertSameOrigin(request, gateway.env);
  if (user === undefined || !isFromThisMachine(request, host, gateway.env)) {
    throw new GatewayError("not_found", "There is no demo user here. Sign in with your own account.");
  }
  return signIn(call, user);
}

async function signOut({ gateway, request }: Call): Promise<PlainResponse> {
  assertSameOrigin(request, gateway.env);
  const setCookies = await gateway.accounts.accounts.signOut(request);
  return withCookies(new PlainResponse(null, { status: 204 }), setCookies);
}
