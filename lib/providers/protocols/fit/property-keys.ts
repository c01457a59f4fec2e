import { define } from "#lib/providers/protocols/fit/json-schema.ts";
import type { ArgumentRestorer } from "#lib/providers/protocols/protocol.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "#lib/shared/json.ts";
import { hash32 } from "#lib/shared/text.ts";

/** The names of properties that Anthropic accepts. */
const ACCEPTED = /^[a-zA-Z0-9_.-]{1,64}$/;
const HASH_LENGTH = 7;
const MAX_KEY = 64;

/** The properties of one tool that were given other names, and the way back in the arguments of its calls. */
export class PropertyKeys {
  /** The client's name by the sent one. */
  readonly #client = new Map<string, string>();
  readonly #sent = new Map<string, string>();

  get isEmpty(): boolean {
    return this.#client.size === 0;
  }

  /** The name to send: the client's if it is accepted, else its beginning with a hash. */
  readonly rename = (name: string): string => {
    if (ACCEPTED.test(name)) return name;
    const known = this.#sent.get(name);
    if (known !== undefined) return known;
    const readable = name.slice(0, MAX_KEY - HASH_LENGTH - 1).replace(/[^a-zA-Z0-9_.-]/g, "_");
    let sent: string;
    let salt = 0;
    do {
      const hash = hash32(salt === 0 ? name : `${salt} ${name}`);
      sent = `${readable}_${hash.toString(36).padStart(HASH_LENGTH, "0")}`;
      salt++;
    } while (this.#client.has(sent));
    this.#client.set(sent, name);
    this.#sent.set(name, sent);
    return sent;
  };

  /** The arguments of an earlier call with the names that the tool has now. */
  sentArguments(value: JsonValue | undefined): JsonValue | undefined {
    if (Array.isArray(value)) return value.map((item) => this.sentArguments(item) ?? null);
    if (!isJsonObject(value)) return value;
    const renamed: JsonObject = {};
    for (const [name, item] of Object.entries(value as JsonObject)) {
      define(renamed, this.#sent.get(name) ?? name, this.sentArguments(item));
    }
    return renamed;
  }

  /**
   * Gives the arguments their client's names. Keys are replaced in the text, once it is complete: parsing and
   * writing it again would change large numbers.
   */
  readonly restorer = (): ArgumentRestorer => {
    let text = "";
    return {
      push(piece) {
        text += piece;
        return "";
      },
      end: () => {
        // A key as it stands in JSON: all of its characters are plain.
        return text.replace(/"([a-zA-Z0-9_.-]{1,64})"(?=\s*:)/g, (whole, key: string) => {
          const name = this.#client.get(key);
          return name === undefined ? whole : JSON.stringify(name);
        });
      },
    };
  };
}
