import ts from "typescript";
import { expect, test } from "vitest";
import { PROTOCOL_IDS } from "#lib/providers/vendors/provider.ts";
import { PROVIDER_ALIASES, PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { lineOf, nodes, readSources } from "./source-files.ts";

/** Who may know one vendor or one protocol from another. */
const KNOWS = /^lib\/providers\/(?:vendors|protocols)\//;
/** Lists of models with the providers that have them, and words in the names of models: data. */
const DATA = [
  "lib/ai-models.ts",
  "lib/providers/embeddings/embedding-models.ts",
  "lib/providers/transcription/transcription-engines.ts",
  "lib/providers/speech/speech-engines.ts",
  "lib/router/model-name.ts",
  "lib/server/wiring/local-ollama.ts",
];
/** The public names of token issuers, and of the dialects that clients speak. */
const NAMES = ["lib/chat/issuers.ts"];

const rest = readSources("lib").filter(({ path }) => !KNOWS.test(path));

test("nobody else asks which protocol an engine speaks", () => {
  const asks = rest.flatMap((file) =>
    [...nodes(file.tree)]
      .filter(
        (node) =>
          ts.isBinaryExpression(node) &&
          /^[!=]==?$/.test(node.operatorToken.getText()) &&
          [node.left, node.right].some(
            (side) => ts.isStringLiteral(side) && (PROTOCOL_IDS as readonly string[]).includes(side.text),
          ) &&
          !/dialect/.test(node.getText()),
      )
      .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText()}`),
  );
  expect(asks).toEqual([]);
});

test("nobody else looks into a dialect", () => {
  const looks = rest.flatMap((file) =>
    [...nodes(file.tree)]
      .filter(
        (node) =>
          ts.isPropertyAccessExpression(node) && /\bprovider\.(?:chat|dialect)\b/.test(node.getText()),
      )
      .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText()}`),
  );
  expect(looks).toEqual([]);
});

test("nobody else names a provider, but for lists of models", () => {
  const ids = new Set([...PROVIDERS.map(({ id }) => id), ...Object.keys(PROVIDER_ALIASES)]);
  // Words that clients say: the APIs of these two, and the styles of their errors.
  for (const style of ["openai", "anthropic"]) ids.delete(style);
  const named = rest
    .filter(({ path }) => !DATA.includes(path) && !NAMES.includes(path))
    .flatMap((file) =>
      [...nodes(file.tree)]
        .filter((node) => ts.isStringLiteralLike(node) && ids.has(node.text))
        .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText()}`),
    );
  expect(named).toEqual([]);
});
