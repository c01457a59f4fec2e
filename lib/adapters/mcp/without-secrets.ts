import { type McpServer, secretsOf } from "#lib/plugins/mcp.ts";

/** A shorter one is no secret, and could be a word. */
const MIN_SECRET = 8;

/** What a server sent, without the credential with which it was called: some repeat what they are sent. */
export function withoutSecrets<Value>(value: Value, server: Pick<McpServer, "headers">): Value {
  const secrets = secretsOf(server)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .filter(({ length }) => length >= MIN_SECRET);
  if (secrets.length === 0) return value;
  const text = JSON.stringify(value);
  if (!secrets.some((secret) => text.includes(secret))) return value;
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, "[redacted]");
  return JSON.parse(clean) as Value;
}
