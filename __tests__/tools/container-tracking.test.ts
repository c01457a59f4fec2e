import { describe, expect, test } from "vitest";
import { GatewayError } from "#lib/shared/errors.ts";
import { containerTracking } from "#lib/tools/containers/container-tracking.ts";
import type { WebSearch } from "#lib/tools/web-search/search.ts";
import { FakeClock } from "../support/fake-clock.ts";

const page = (content: string) => ({ title: "A page", url: "https://ships.example/x", content });
const finds =
  (...contents: string[]): WebSearch =>
  async () => ({ results: contents.map(page) });

function setUp(search?: WebSearch) {
  const clock = new FakeClock();
  const tool = containerTracking({ clock, search });
  const { signal } = new AbortController();
  return { clock, run: (number: string, own = signal) => tool.run({ number }, { signal: own }) };
}

describe("a container number", () => {
  test("of a carrier has the carrier, its tracking page, and no live status without a search", async () => {
    const { text, links, source } = await setUp().run("hlxu 123456-1");
    expect(text).toContain("HLXU1234561: the number is well-formed, and its check digit is right.");
    expect(text).toContain("Carrier, by the code HLXU: Hapag-Lloyd.");
    expect(text).toMatch(/No live status is to be had here: no web search is configured/);
    expect(links).toEqual([
      { title: "Hapag-Lloyd: HLXU1234561", uri: expect.stringContaining("container=HLXU1234561") as string },
    ]);
    expect(source.name).toBe("BIC container codes");
  });

  test("of a lessor has no carrier, and says who knows it", async () => {
    const { text, links } = await setUp().run("TEMU6079348");
    expect(text).toMatch(/Textainer, which leases containers.* the bill of lading does/);
    expect(text).not.toContain("Carrier, by the code");
    expect(links).toEqual([
      { title: expect.any(String) as string, uri: "https://www.bic-code.org/bic-codes/" },
    ]);
  });

  test("of an owner that is not listed says so", async () => {
    const { text } = await setUp().run("ABCU1234560");
    expect(text).toContain("The owner of the code ABCU is not in our list.");
  });

  test("with a wrong check digit has its carrier, says what is wrong, and is not searched for", async () => {
    const { text, links } = await setUp(finds("MSCU1234567 was discharged")).run("MSCU1234567");
    expect(text).toContain(
      "fails its check digit (its last digit would have to be 6), so it may be mistyped",
    );
    expect(text).toContain("Carrier, by the code MSCU: MSC.");
    expect(text).toContain("Its status was not looked up.");
    expect(links).toHaveLength(1);
  });

  test.each([
    ["MSCU123456", "MSCU123456 is not a container number"],
    ["MSCX1234567", "MSCX1234567 is not a container number"],
  ])("that is wrong is told what is wrong with it: %s", async (number, message) => {
    const error = await setUp(finds("MSCU1234567"))
      .run(number)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: "invalid_request" });
    expect((error as Error).message).toContain(message);
  });
});

describe("the status of a container", () => {
  test("is what pages say that name it, and no other page", async () => {
    let asked: unknown;
    const { run } = setUp(async (query) => {
      asked = query;
      return {
        results: [page("MSCU 123456-6 was discharged in Antwerp."), page("How to track containers.")],
      };
    });
    const { text, links, source } = await run("MSCU1234566");
    expect(asked).toMatchObject({ query: '"MSCU1234566" container tracking status MSC' });
    expect(text).toContain("discharged in Antwerp");
    expect(text).not.toContain("How to track");
    expect(links).toHaveLength(2);
    expect(source.name).toContain("web search");
  });

  test.each<[string, WebSearch, RegExp]>([
    ["nothing is found", finds(), /No live status.*found no page about this number/],
    ["only general pages are found", finds("Track your container"), /found no page about this number/],
    [
      "the search fails",
      () => Promise.reject(new GatewayError("not_configured", "The plan's limit is reached.")),
      /No live status.*the web search failed\. The plan's limit is reached\./,
    ],
    ["the search breaks", () => Promise.reject(new Error("secret")), /the web search failed\. It failed\./],
  ])("is not to be had if %s; the carrier is", async (_, search, said) => {
    const { text } = await setUp(search).run("MSCU1234566");
    expect(text).toMatch(said);
    expect(text).toContain("Carrier, by the code MSCU: MSC.");
    expect(text).not.toContain("secret");
  });

  test("a search that hangs costs its own time, and is aborted; the carrier is told", async () => {
    let aborted = false;
    const { clock, run } = setUp((_, signal) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    });
    const running = run("MSCU1234566");
    await clock.advanceAsync(6_000);
    expect((await running).text).toMatch(/Carrier, by the code MSCU[\s\S]*did not answer in time/);
    expect(aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("a client that leaves ends it", async () => {
    const leaving = new AbortController();
    const search: WebSearch = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const running = setUp(search).run("MSCU1234566", leaving.signal);
    leaving.abort(new Error("left"));
    await expect(running).rejects.toThrow("left");
  });
});
