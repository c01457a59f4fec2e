import type { ClientTool } from "#lib/apis/responses/client-tools.ts";
import { hash32 } from "#lib/shared/text.ts";

/** A tool's name and, if it has one, its namespace. */
export type QualifiedName = { name: string; namespace?: string };

/** A tool of an MCP server, as the client names both. */
export type McpName = { label: string; name: string };

/** A tool that an engine calls. */
type CalledTool = { tool: QualifiedName; clientTool: ClientTool | undefined };

/** The longest function name that every provider accepts. */
const MAX_NAME = 64;

/**
 * The flat names of tools in namespaces. Chats know no namespaces: `weather` with a tool `today` becomes a
 * function `weather__today`, and a call of that function becomes a call of `today` in `weather` again.
 */
export class ToolNames {
  readonly #qualified = new Map<string, QualifiedName>();
  readonly #flat = new Map<string, string>();
  /** Tools with items of their own, by their names in a chat. */
  readonly #clientTools = new Map<string, ClientTool>();
  /** Tools of MCP servers, by their names in a chat. */
  readonly #mcpTools = new Map<string, McpName>();

  /** @param taken names of the tools without a namespace. */
  constructor(taken: Iterable<string>) {
    for (const name of taken) this.#qualified.set(name, { name });
  }

  /** The tool's name in a chat, which is unique and stable. */
  flat(name: string, namespace: string | null | undefined): string {
    if (namespace === null || namespace === undefined || namespace === "") return name;
    const key = JSON.stringify([namespace, name]);
    const known = this.#flat.get(key);
    if (known !== undefined) return known;
    const flat = this.#free(joinNames(namespace, name), key);
    this.#flat.set(key, flat);
    this.#qualified.set(flat, { name, namespace });
    return flat;
  }

  /** The name in a chat of a tool with items of its own. */
  ofClientTool(tool: ClientTool): string {
    const key = `client tool ${tool.type}`;
    const known = this.#flat.get(key);
    if (known !== undefined) return known;
    const flat = this.#free(tool.type, key);
    this.#flat.set(key, flat);
    this.#qualified.set(flat, { name: tool.type });
    this.#clientTools.set(flat, tool);
    return flat;
  }

  /** The name in a chat of a tool of an MCP server. To be asked for when the client's own tools have theirs. */
  ofMcpTool(label: string, name: string): string {
    const key = `mcp ${JSON.stringify([label, name])}`;
    const known = this.#flat.get(key);
    if (known !== undefined) return known;
    const flat = this.#free(joinNames(label, name), key);
    this.#flat.set(key, flat);
    this.#qualified.set(flat, { name });
    this.#mcpTools.set(flat, { label, name });
    return flat;
  }

  /** The tool of an MCP server with this name in a chat. */
  mcpTool(flat: string): McpName | undefined {
    return this.#mcpTools.get(flat);
  }

  /** The flat names of the known tools in these namespaces. */
  inNamespaces(namespaces: ReadonlySet<string>): string[] {
    if (namespaces.size === 0) return [];
    return [...this.#qualified].flatMap(([flat, { namespace }]) =>
      namespace !== undefined && namespaces.has(namespace) ? [flat] : [],
    );
  }

  /** The tool for a name that a model calls. */
  called(flat: string): CalledTool {
    const tool = this.#qualified.get(flat) ?? { name: flat };
    return { tool, clientTool: this.#clientTools.get(flat) };
  }

  /** Adds a hash of the tool to names that are too long or taken. */
  #free(wanted: string, key: string): string {
    if (wanted.length <= MAX_NAME && !this.#qualified.has(wanted)) return wanted;
    for (let attempt = 0; ; attempt++) {
      const suffix = `_${hash32(`${attempt}${key}`).toString(36)}`;
      const name = wanted.slice(0, MAX_NAME - suffix.length) + suffix;
      if (!this.#qualified.has(name)) return name;
    }
  }
}

function joinNames(namespace: string, name: string): string {
  // Namespaces of MCP servers already end in the separator: `mcp__files__`.
  const separator = namespace.endsWith("_") ? "" : "__";
  return `${namespace}${separator}${name}`.replace(/[^a-zA-Z0-9_-]/g, "_");
}
