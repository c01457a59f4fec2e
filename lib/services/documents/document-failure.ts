import { DocumentError, type DocumentProblem } from "#lib/documents/document.ts";
import { type ErrorCode, GatewayError } from "#lib/shared/errors.ts";

const CODES: Readonly<Record<DocumentProblem, ErrorCode>> = {
  unsupported: "unsupported_media_type",
  damaged: "unprocessable",
  encrypted: "unprocessable",
  too_large: "payload_too_large",
  no_text: "unprocessable",
  too_complex: "unprocessable",
};

/** Why a file cannot be read, as the error that a client gets. What is no `DocumentError` is returned as it is. */
export function documentFailure(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof DocumentError)) return thrown;
  return new GatewayError(CODES[thrown.problem], `${name}: ${thrown.message}`, {
    details: { file: name, problem: thrown.problem },
    cause: thrown,
  });
}
