import { canChat, readInstalledModels } from "#lib/providers/catalogue/installed-models.ts";
import { createRegistry, type Engine } from "#lib/providers/registry.ts";
import { fetchJson } from "#lib/server/wiring/fetch-json.ts";

const DEFAULT_URL = "http://127.0.0.1:11434";
const TIMEOUT_MS = 300;

/**
 * The first model of an Ollama that answers on its default port, as an engine; undefined if there is
 * none. For development only: a newcomer with Ollama running gets a real model at once.
 */
export async function findLocalOllama(): Promise<Engine | undefined> {
  const tags = await fetchJson(`${DEFAULT_URL}/api/tags`, TIMEOUT_MS);
  const name = readInstalledModels(tags)?.find(canChat)?.model;
  if (name === undefined) return undefined;
  const registry = createRegistry((setting) => (setting === "OLLAMA_URL" ? DEFAULT_URL : undefined));
  return registry.resolve([{ provider: "ollama", model: name, label: `Local Ollama (${name})` }])[0];
}
