import type { z } from "zod";
import type { Access, CallerByAccess } from "#lib/server/http/access.ts";
import type { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import type { ErrorShape } from "#lib/server/http/http-error.ts";
import type { FormField } from "#lib/server/http/multipart.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { WaitUntil } from "#lib/services/ports.ts";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

/** A path in Next's notation: `[id]` is one segment, `[...rest]` one or more. */
export type ApiPath = `/api/${string}`;

/** A request that has been authenticated and read. */
export type Call<Gateway, Kind extends Access, Body = undefined> = {
  gateway: Gateway;
  request: Request;
  /** The answer's `x-request-id`. */
  requestId: string;
  /** The declared path of the route. */
  route: ApiPath;
  host: HostContext;
  /** Undefined for a public route. */
  caller: CallerByAccess[Kind];
  /** The request's body, as the operation's `body.read` returned it. */
  body: Body;
  waitUntil: WaitUntil;
  /** What is left of the caller's requests: the answer's `x-ratelimit-*` headers say it, also those of an error. */
  onRateLimit(limit: RateLimit): void;
};

/** What a body's reader gets beside the body. */
export type BodyContext = {
  headers: Headers;
  /** The body is so large that all work on it should come in steps. */
  isLarge: boolean;
};

/** The JSON body that an operation takes. */
export type JsonBody<Schema extends z.ZodType, Body> = {
  schema: Schema;
  /** The largest body in bytes. Less is accepted if memory is short. */
  maxBytes: number;
  /** A request may come without a body, which then counts as `{}`. */
  isOptional?: boolean;
  /**
   * Turns the parsed body into the handler's input; nothing else of the body is kept while the request is
   * answered. Throws `invalid_request` for what the schema cannot express.
   */
  read(parsed: z.output<Schema>, context: BodyContext): Body;
  /** The same of a form (`multipart/form-data`), if the operation takes one too. */
  form?: FormBody<Body>;
};

/** The body of an operation that takes a form and nothing else. */
export type FormOnlyBody<Body> = { schema?: never; maxBytes: number; form: FormBody<Body> };

/** A form that an operation takes, in place of JSON or alone. */
export type FormBody<Body> = {
  /** Its fields, for the documentation; a file is a string in binary. */
  schema: z.ZodType;
  read(fields: readonly FormField[]): Body;
};

/** What an operation answers with: a JSON body, a stream of events of one schema, a file, or nothing. */
export type AnswerDocs = {
  description: string;
  json?: z.ZodType;
  events?: z.ZodType;
  /** The media type of a file. */
  file?: string;
};

/** An operation in the OpenAPI document. */
export type OperationDocs = {
  summary: string;
  description?: string;
  /** The parameters of the query, as the handler reads them with `readQuery`. */
  query?: z.ZodObject;
  /** Successful answers by status. Called when the document is made: no request loads these schemas. */
  answers(): Promise<Readonly<Record<number, AnswerDocs>>>;
};

/** One method of a route: its documentation, the body that it takes if any, and its handler. */
export type Operation<Gateway, Kind extends Access, Body> = OperationDocs & {
  answer: (call: Call<Gateway, Kind, Body>) => Promise<PlainResponse>;
} & ([Body] extends [undefined]
    ? { body?: never }
    : { body: JsonBody<z.ZodType, Body> | FormOnlyBody<Body> });

/**
 * An operation without the types of its body and caller, for tables of routes. It is only made from an
 * `Operation`, whose parts fit each other.
 */
export type DeclaredOperation<Gateway> = OperationDocs & {
  body?: JsonBody<z.ZodType, unknown> | FormOnlyBody<unknown>;
  answer(call: Call<Gateway, Access, unknown>): Promise<PlainResponse>;
};

/** A route. Serving it, its access checks and its documentation derive from this. */
export type RouteDeclaration<Gateway> = {
  path: ApiPath;
  access: Access;
  /** The shape of its errors. */
  errors: ErrorShape;
  /** The shape for one request, on routes that serve clients of several APIs; by default `errors`. */
  errorsFor?: ((request: Request) => ErrorShape) | undefined;
  methods: Readonly<Partial<Record<Method, DeclaredOperation<Gateway>>>>;
};

/** The parts of a declaration that do not depend on the type of the gateway. */
export type RouteFacts = Pick<RouteDeclaration<never>, "path" | "access" | "errors"> & {
  methods: Readonly<Partial<Record<Method, OperationDocs & Pick<DeclaredOperation<never>, "body">>>>;
};

/** The methods that a route serves, in the order of its declaration. */
export function methodsOf({ methods }: Pick<RouteFacts, "methods">): Method[] {
  return Object.keys(methods).filter(isMethod);
}

export function isMethod(name: string): name is Method {
  return (METHODS as readonly string[]).includes(name);
}

/** Checks that a body's reader takes the output of its schema. */
export function jsonBody<Schema extends z.ZodType, Body>(
  body: JsonBody<Schema, Body>,
): JsonBody<z.ZodType, Body> {
  return body;
}

/** A route as it is written: its handlers are checked against what it declares. */
export type WrittenRoute<Gateway, Kind extends Access, Bodies extends BodiesByMethod> = {
  path: ApiPath;
  access: Kind;
  errors: ErrorShape;
  errorsFor?: (request: Request) => ErrorShape;
  methods: { readonly [Name in keyof Bodies]: Operation<Gateway, Kind, Bodies[Name]> };
};

/** The type of each method's body; undefined for none. */
export type BodiesByMethod = Readonly<Partial<Record<Method, unknown>>>;
