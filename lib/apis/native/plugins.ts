import { z } from "zod";

/** Methods that a plugin can be called with. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const MAX_NAME = 200;
const MAX_QUERY_NAMES = 100;

const queryValue = z.union([z.string().max(8_000), z.number(), z.boolean()]);
const id = z.string().min(1).max(MAX_NAME);

/** The body of `POST /api/v1/plugins/invoke`. */
export const pluginInvocationSchema = z
  .strictObject({
    /** The plugin's id. */
    plugin: id.optional(),
    /** The same under another name. */
    id: id.optional(),
    /** Below the plugin's address; the address itself by default. */
    path: z.string().max(8_000).nullish(),
    query: z
      .record(z.string().max(MAX_NAME), z.union([queryValue, z.array(queryValue).max(100)]))
      .refine((query) => Object.keys(query).length <= MAX_QUERY_NAMES, "has too many names")
      .nullish(),
    /** GET without a body, POST with one, unless it says otherwise. */
    method: z
      .string()
      .max(10)
      .transform((method) => method.toUpperCase())
      .pipe(z.enum(METHODS))
      .nullish(),
    /** Any JSON. */
    body: z.unknown().optional(),
  })
  .superRefine((call, context) => {
    const given = new Set([call.plugin, call.id].filter((name) => name !== undefined));
    if (given.size === 0) context.addIssue({ code: "custom", path: ["plugin"], message: "is required" });
    if (given.size > 1) context.addIssue({ code: "custom", path: ["id"], message: "is another plugin's" });
    if (call.method === "GET" && call.body != null) {
      context.addIssue({ code: "custom", path: ["body"], message: "must be left out of a GET" });
    }
  });

type Invocation = z.output<typeof pluginInvocationSchema>;

/** The body as the plugin's call needs it. */
export function readPluginInvocation({ plugin, id: name, path, query, method, body }: Invocation) {
  const text = body == null ? undefined : JSON.stringify(body);
  return {
    plugin: plugin ?? name ?? "",
    path: path ?? "",
    query: query ?? {},
    method: method ?? (text === undefined ? ("GET" as const) : ("POST" as const)),
    body: text,
  };
}
