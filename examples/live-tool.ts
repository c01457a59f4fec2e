// A live tool, as docs/CONTRIBUTING.md describes: public holidays of a country, by the API of Nager.Date
// (date.nager.at). Its place would be lib/tools/holidays/public-holidays.ts.
import { z } from "zod";
import { GatewayError } from "#lib/shared/errors.ts";
import { defineTool, type Tool, type ToolRequest } from "#lib/tools/tool.ts";
import { type ToolHttp, ToolHttpError } from "#lib/tools/tool-http.ts";

const COUNTRIES = new Map([
  ["germany", "DE"],
  ["france", "FR"],
  ["turkey", "TR"],
  ["the united states", "US"],
]);

const inputSchema = z.object({
  country: z.string().regex(/^[A-Z]{2}$/),
  year: z.number().int().min(2000).max(2100),
});
// Loose and minimal: the source may add fields.
const answerSchema = z.array(z.object({ date: z.string(), name: z.string() }));

/** Public holidays. `http`, the clock and the address are arguments, so that tests can bring their own. */
export function publicHolidays({ http, baseUrl }: { http: ToolHttp; baseUrl: string }): Tool {
  return defineTool({
    name: "public_holidays",
    description: "The public holidays of a country in a year.",
    input: inputSchema,
    timeoutMs: 4_000,
    detect: detectHolidays,
    run: async ({ country, year }, { signal }) => {
      const url = new URL(`${baseUrl}/api/v3/PublicHolidays/${year}/${country}`);
      const parsed = answerSchema.safeParse(await http.getJson(url, { signal }));
      if (!parsed.success) throw new ToolHttpError({ kind: "garbage" }, parsed.error);
      if (parsed.data.length === 0) {
        throw new GatewayError("not_found", `No holidays of ${country} in ${year} are known.`);
      }
      return {
        text: parsed.data.map(({ date, name }) => `${date} ${name}`).join("\n"),
        source: { name: "Nager.Date", url: "https://date.nager.at" },
        asOf: String(year),
      };
    },
  });
}

/** Waits for nothing, and takes time in proportion to the message: no pattern may backtrack. */
function detectHolidays({ message }: ToolRequest): { country: string; year: number }[] {
  const [, name = "", year = ""] =
    /\bpublic holidays in ([a-z ]{2,30}?) (?:in )?(\d{4})\b/i.exec(message) ?? [];
  const country = COUNTRIES.get(name.toLowerCase());
  return country === undefined ? [] : [{ country, year: Number(year) }];
}
