import { z } from "zod";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import {
  checkDigitOf,
  hasRightCheckDigit,
  isContainerForm,
  normalizeContainerNumber,
} from "#lib/tools/containers/container-number.ts";
import { detectContainers } from "#lib/tools/containers/detect-containers.ts";
import { type CodeHolder, holderOf } from "#lib/tools/containers/owners.ts";
import { searchStatus, statusText } from "#lib/tools/containers/status-search.ts";
import { defineTool, type Tool, type ToolResult } from "#lib/tools/tool.ts";
import type { WebSearch } from "#lib/tools/web-search/search.ts";

const TIMEOUT_MS = 8_000;
/** Where codes that are not in our list can be looked up. */
const REGISTER = "https://www.bic-code.org/bic-codes/";

const inputSchema = z.object({
  number: z.string().trim().min(1).max(24).describe("The container's number, such as MSCU1234566."),
});

export type ContainerTrackingEffects = {
  clock: Clock;
  /** None if no search service is configured: then there is no live status. */
  search?: WebSearch | undefined;
};

/** Follows a freight container by its number (ISO 6346): its carrier, the carrier's tracking page, its status. */
export function containerTracking(effects: ContainerTrackingEffects): Tool {
  return defineTool({
    name: "container_tracking",
    description:
      "Checks the number of a freight container (ISO 6346) and finds its carrier, the carrier's tracking page and, " +
      "if a web search is configured, what the web says about where it is.",
    input: inputSchema,
    timeoutMs: TIMEOUT_MS,
    detect: detectContainers,
    run: async ({ number }, { signal }) => track(numberFrom(number), effects, signal),
  });
}

/** The number as the standard writes it. Throws `invalid_request` for anything else than a container number. */
function numberFrom(given: string): string {
  const number = normalizeContainerNumber(given);
  if (isContainerForm(number)) return number;
  const rule = "three letters, then U, J or Z, then seven digits";
  throw new GatewayError(
    "invalid_request",
    `${number} is not a container number (${rule}): did you mistype?`,
  );
}

async function track(
  number: string,
  { clock, search }: ContainerTrackingEffects,
  signal: AbortSignal,
): Promise<ToolResult> {
  const code = number.slice(0, 4);
  const holder = holderOf(code);
  const page = trackingPage(number, holder);
  // Nothing is to be found of a number that does not exist.
  const isRight = hasRightCheckDigit(number);
  const status = isRight
    ? await searchStatus({ number, carrier: carrierOf(holder) }, { clock, search, signal })
    : undefined;
  const pages = status?.kind === "found" ? status.pages : [];
  return {
    text: [
      `Container ${number}: ${isRight ? "the number is well-formed, and its check digit is right" : wrongDigit(number)}.`,
      ownerText(code, holder),
      page === undefined ? `Codes can be looked up at ${REGISTER}` : `Tracking page: ${page}`,
      status === undefined ? "Its status was not looked up." : statusText(status),
    ].join("\n"),
    source: { name: pages.length === 0 ? "BIC container codes" : "BIC container codes, web search" },
    links: [
      page === undefined
        ? { title: "BIC register of container codes", uri: REGISTER }
        : pageLink(number, holder, page),
      ...pages.map(({ title, url }) => ({ title, uri: url })),
    ],
  };
}

function wrongDigit(number: string): string {
  return `${number} fails its check digit (its last digit would have to be ${checkDigitOf(number)}), so it may be mistyped`;
}

function carrierOf(holder: CodeHolder | undefined): string | undefined {
  return holder?.kind === "carrier" ? holder.owner.name : undefined;
}

function ownerText(code: string, holder: CodeHolder | undefined): string {
  switch (holder?.kind) {
    case "carrier":
      return `Carrier, by the code ${code}: ${holder.owner.name}.`;
    case "lessor":
      return (
        `Owner, by the code ${code}: ${holder.owner.name}, which leases containers to carriers. ` +
        "The number does not say which carrier has it now; the bill of lading does."
      );
    case undefined:
      return `The owner of the code ${code} is not in our list.`;
  }
}

function trackingPage(number: string, holder: CodeHolder | undefined): string | undefined {
  return holder?.owner.tracking?.replace("{number}", number);
}

function pageLink(
  number: string,
  holder: CodeHolder | undefined,
  uri: string,
): { title: string; uri: string } {
  return { title: `${holder?.owner.name ?? "Carrier"}: ${number}`, uri };
}
