import { type NativeAnswer, readNative } from "../../support/native-client.ts";
import type { TestUser } from "../../support/test-database.ts";
import type { ScriptedGateway } from "./scripted-gateway.ts";

/** The JSON of a route, asked for by a program with this user's access token. */
export async function apiOf(
  { url }: Pick<ScriptedGateway, "url">,
  user: TestUser,
  path: string,
  method = "GET",
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : await response.json();
}

/** A turn of native chat, asked for by a program and read to its end. */
export async function askOf(
  { url }: Pick<ScriptedGateway, "url">,
  user: TestUser,
  body: { message: string; model?: string; sessionId?: string },
): Promise<NativeAnswer> {
  const response = await fetch(`${url}/api/ai-chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return readNative(response);
}
