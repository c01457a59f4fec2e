import { z } from "zod";
import type { McpServer } from "#lib/plugins/mcp.ts";
import { pluginBase } from "#lib/plugins/plugin-address.ts";
import { pluginById } from "#lib/plugins/plugins.ts";
import { mistake, parseChecked } from "#lib/shared/located-yaml.ts";

const MAX_TIMEOUT_MS = 300_000;
export const DEFAULT_MCP_TIMEOUT_MS = 30_000;

const toolNames = z.array(z.string().min(1).max(128)).max(1_000);
const variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of an environment variable, which holds the secret");

const serverSchema = z.strictObject({
  url: z
    .string()
    .refine(
      (text) => pluginBase(text) !== undefined,
      "must be an address with http:// or https://, without user, query and fragment",
    ),
  name: z.string().min(1).max(100).optional(),
  tokenEnv: variable.optional(),
  headersEnv: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "must be the name of a header"), variable)
    .optional(),
  allowedTools: toolNames.optional(),
  requireApproval: z.union([z.enum(["never", "writes", "always"]), toolNames]).default("writes"),
  timeoutMs: z.int().min(1_000).max(MAX_TIMEOUT_MS).default(DEFAULT_MCP_TIMEOUT_MS),
  enabled: z.boolean().default(true),
});

const configSchema = z.strictObject({
  servers: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be up to 40 lower-case letters, digits and dashes"),
    serverSchema,
  ),
});

/** Headers that the protocol or the connection itself sets. */
const RESERVED_HEADERS = /^(?:accept|content-.*|host|connection|transfer-encoding|mcp-.*|last-event-id)$/i;

/**
 * The servers that `MCP_CONFIG` describes, in YAML or JSON. Throws `not_configured` with the line of the first
 * mistake, a secret that is not set among them.
 * @param source the name of the text in errors.
 * @param setting reads an environment variable.
 */
export async function parseMcpConfig(
  text: string,
  source: string,
  setting: (name: string) => string | undefined,
): Promise<McpServer[]> {
  const { value, lineOf } = await parseChecked(text, source, configSchema);
  const wrong = (path: readonly string[], problem: string) =>
    mistake(source, lineOf(["servers", ...path]), `servers.${path.join(".")}: ${problem}`);
  return Object.entries(value.servers).flatMap(([id, server]) => {
    if (pluginById(id) !== undefined) throw wrong([id], "a plugin has this id; choose another");
    if (!server.enabled) return [];
    const secret = (path: readonly string[], name: string): string => {
      const found = setting(name);
      if (found === undefined) throw wrong([id, ...path], `${name} is not set`);
      // It travels in a header.
      if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(found)) {
        throw wrong([id, ...path], `${name} must be visible ASCII`);
      }
      return found;
    };
    const headers: Record<string, string> = {};
    for (const [header, name] of Object.entries(server.headersEnv ?? {})) {
      if (RESERVED_HEADERS.test(header))
        throw wrong([id, "headersEnv", header], "this header is set by the gateway");
      headers[header.toLowerCase()] = secret(["headersEnv", header], name);
    }
    if (server.tokenEnv !== undefined) {
      headers["authorization"] = `Bearer ${secret(["tokenEnv"], server.tokenEnv)}`;
    }
    const { url, name = id, allowedTools, requireApproval, timeoutMs } = server;
    return [{ id, name, url, headers, allowedTools, requireApproval, timeoutMs }];
  });
}
