import { describe, expect, test } from "vitest";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";

describe("a plain response", () => {
  test("is a Response to whoever asks", async () => {
    const response = jsonResponse({ a: 1 }, { headers: { "x-own": "1" } });
    expect(response instanceof Response).toBe(true);
    expect([response.ok, response.status, response.bodyUsed, response.type, response.redirected]).toEqual([
      true,
      200,
      false,
      "default",
      false,
    ]);
    expect([...response.headers].sort()).toEqual([
      ["content-type", "application/json"],
      ["x-own", "1"],
    ]);
    expect(await response.clone().text()).toBe('{"a":1}');
    expect(await response.json()).toEqual({ a: 1 });
    expect(response.bodyUsed).toBe(true);
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  test("gives its parts as long as nothing needed the platform's Response", () => {
    const response = new PlainResponse("text", { status: 404, headers: { "x-own": "1" } });
    response.setHeader("x-own", "2");
    response.addHeaders({ "x-own": "3", "x-other": "4" });
    response.addCookie("a=1");
    expect(response.getHeader("x-other")).toBe("4");
    expect(response.parts).toEqual({
      content: "text",
      headers: ["x-own", "2", "x-other", "4", "set-cookie", "a=1"],
    });
    expect(response.headers.get("x-own")).toBe("2");
    expect(response.parts).toBeUndefined();
  });

  test("takes headers and cookies also later", () => {
    const response = new PlainResponse(null, { status: 204 });
    response.headers.set("x-own", "1");
    response.addHeaders({ "x-own": "2", "x-other": "3" });
    response.setHeader("x-set", "4");
    response.addCookie("a=1");
    response.addCookie("b=2");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(["x-own", "x-other", "x-set"].map((name) => response.getHeader(name))).toEqual(["1", "3", "4"]);
    expect(response.getHeader("x-none")).toBeUndefined();
    expect(response.body).toBeNull();
  });
});

describe("a plain response is the platform's in every member", () => {
  const stream = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("a stream"));
        controller.close();
      },
    });
  const MAKERS: Record<string, () => string | ReadableStream<Uint8Array> | null> = {
    text: () => "größe",
    json: () => '{"a":[1,2]}',
    "an empty text": () => "",
    nothing: () => null,
    "a stream": stream,
  };
  const READERS = {
    text: (response: Response) => response.text(),
    json: (response: Response) => response.json().catch((error: unknown) => (error as Error).name),
    bytes: async (response: Response) => [...(await response.bytes())],
    arrayBuffer: async (response: Response) => (await response.arrayBuffer()).byteLength,
    blob: async (response: Response) => (await response.blob()).size,
    clone: (response: Response) => response.clone().text(),
    body: async (response: Response) => [response.body === null, await new Response(response.body).text()],
  };
  const members = ({ ok, status, statusText, type, redirected, url, bodyUsed }: Response) => ({
    ...{ ok, status, statusText, type, redirected, url, bodyUsed },
  });

  for (const [name, make] of Object.entries(MAKERS)) {
    test.each(Object.entries(READERS))(`of ${name}, read by %s`, async (_, read) => {
      const headers = { "content-type": "text/x", "x-own": "1" };
      for (const status of make() === null ? [200, 204, 404] : [200, 404, 503]) {
        const ours = new PlainResponse(make(), { status, headers });
        const theirs = new Response(make(), { status, headers });
        expect(members(ours)).toEqual(members(theirs));
        expect([...ours.headers]).toEqual([...theirs.headers]);
        expect(await read(ours)).toEqual(await read(theirs));
        expect(ours.bodyUsed).toBe(theirs.bodyUsed);
      }
    });
  }
});
