import { isSource } from "#lib/router/intent/source-code.ts";

/** What in a message can only be code, or what a program has printed. */
export type CodeRule = "fence" | "stack-trace" | "error" | "diff" | "shell" | "sql" | "source";

/** The first and the last characters of a long message that are searched for code. */
const SEARCHED_CHARS = 8_000;
/** A block of code is judged by this many of its first characters. */
const BLOCK_CHARS = 2_000;

const CODE_LANGUAGES =
  /^(?:[cr]|c\+\+|cpp|cs|csharp|c#|css|scss|dart|diff|docker\w*|elixir|erl\w*|ex|fs\w*|go|golang|gradle|graphql|groovy|haskell|hcl|hs|html|ini|java|javascript|jl|json[c5l]?|jsx?|julia|kotlin|kts?|latex|lisp|lua|makefile|mermaid|mjs|nginx|nix|objc|ocaml|perl|php|pl|plsql|powershell|proto\w*|ps1|py|python\d?|rb|rs|ruby|rust|sass|scala|sh|bash|zsh|shell|console|solidity|sql|svelte|swift|terraform|tf|toml|tsx?|typescript|vb|vue|xml|ya?ml|zig)$/i;

const STACK_TRACES: readonly RegExp[] = [
  /traceback \(most recent call last\)/i,
  /^[ \t]*File "[^"\n]{1,300}", line \d+/m,
  // JavaScript, Java and C#.
  /^[ \t]*at [^\n]{0,200}[:(][^\n()]{1,200}:\d+(?::\d+)?\)?[ \t]*$/m,
  /^[ \t]*at [\w.$<>]{3,200}\([^\n)]{0,200}\)[ \t]*(?:in [^\n]{1,200}:line \d+)?$/m,
  /Exception in thread "/,
  /^goroutine \d+ \[/m,
  /^thread '[^'\n]{1,80}' panicked at/m,
  /^[ \t]*from [^\n:]{1,200}:\d+:in [`']/m,
];

const ERRORS: readonly RegExp[] = [
  // TypeError, java.lang.NullPointerException, ENOENT.
  /(?<![\w-])[A-Z][a-z]\w{0,80}?(?:Error|Exception)(?!\w)/,
  /\bIOException\b|\bOSError\b|\bIOError\b/,
  /\berror(?::| \[| )?\[?(?:E\d{4}|TS\d{4,5}|CS\d{4}|C\d{4}|LNK\d{4}|NU\d{4})\]?/i,
  /\bE(?:NOENT|ACCES|CONNREFUSED|ADDRINUSE|RESOLVE|PERM|TIMEDOUT|CONNRESET)\b/,
  /\bnpm (?:ERR!|error|WARN)/,
  /^fatal: (?:not a git|refusing|could not|unable|remote|bad|your|pathspec|the )/im,
  /^[^\s:]{1,200}\.(?:c|cc|cpp|h|hpp|rs|go|java|kt|ts|tsx|js|py|swift|cs):\d+(?::\d+)?: /m,
  /\b(?:segmentation fault|core dumped|undefined reference to|nullpointerexception)\b/i,
  /\b(?:is not a function|is not defined|cannot read propert(?:y|ies) of|unexpected token|cannot find module|no module named|command not found)\b/i,
  /\bCrashLoopBackOff\b|\bImagePullBackOff\b|\bOOMKilled\b/,
];

const DIFFS: readonly RegExp[] = [
  /^diff --git /m,
  /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/m,
  /^--- a\/\S/m,
  /^\+\+\+ b\/\S/m,
  /^<{7} \S/m,
];

const COMMANDS =
  "git|npm|npx|yarn|pnpm|pip3?|python3?|node|docker|docker-compose|kubectl|helm|terraform|ansible|cargo|go|rustup|brew|apt|apt-get|yum|dnf|systemctl|journalctl|ssh|scp|rsync|chmod|chown|grep|sed|awk|curl|wget|tar|psql|mysql|redis-cli|aws|gcloud|az|conda|poetry|uv|bundle|rails|php|composer|dotnet|mvn|gradle|make|cmake|gcc|cd|ls|sudo|cat|echo|export|mkdir|rm|cp|mv";

const SHELLS: readonly RegExp[] = [
  new RegExp(
    `^[ \\t]{0,20}(?:\\$|❯|%|[\\w.-]{1,40}@[\\w.-]{1,40}:[^\\s$#]{0,80}[$#]) (?:${COMMANDS})(?![\\w-])`,
    "m",
  ),
  /^PS [A-Z]:\\[^\n>]{0,200}>/m,
  /^#!\/(?:usr\/)?bin\//m,
  // A command with a flag, wherever it stands.
  new RegExp(`(?<![\\w-])(?:${COMMANDS})(?: [a-z][\\w-]{0,30}){0,2} --?[a-z][\\w-]{0,40}`),
  /(?<![\w-])(?:git (?:commit|push|pull|rebase|merge|checkout|clone|stash|reset|cherry-pick|bisect|reflog)|npm (?:install|i|run|ci)|pip3? install|docker (?:run|build|compose|ps|exec)|kubectl (?:get|apply|describe|logs|exec)|sudo (?:apt|systemctl|rm|chmod)|cargo (?:build|run|test)|terraform (?:plan|apply|init))(?![\w-])/,
];

const SQLS: readonly RegExp[] = [
  /\bSELECT\s[^;]{1,300}?\sFROM\s+[\w"`[]/,
  /\bselect\s+(?:\*|(?:distinct|top \d+)\s|count\(|sum\(|avg\(|max\(|min\(|[\w.]{1,60}\s*,\s*[\w.]{1,60}[^;]{0,200}?\sfrom\s)/i,
  /\b(?:INSERT INTO|DELETE FROM|CREATE (?:TABLE|INDEX|VIEW|OR REPLACE)|ALTER TABLE|DROP TABLE)\b/,
  /\b(?:insert into|delete from|alter table|create table|drop table)\s+[\w.]{1,60}\s*(?:\(|values|where|add|;|set)/i,
  /\bUPDATE\s+[\w."`]{1,80}\s+SET\s/,
  /\b(?:left|right|inner|outer|cross) join\s+\w{1,60}(?:\s+\w{1,30})?\s+on\s+[\w.]{1,60}\s*=/i,
];

/** In the order in which they are tried; each takes time in proportion to the text. */
const CODE_RULES: readonly (readonly [CodeRule, (text: string) => boolean])[] = [
  ["fence", hasCodeFence],
  ["stack-trace", (text) => STACK_TRACES.some((pattern) => pattern.test(text))],
  ["error", (text) => ERRORS.some((pattern) => pattern.test(text))],
  ["diff", (text) => DIFFS.some((pattern) => pattern.test(text))],
  ["shell", (text) => SHELLS.some((pattern) => pattern.test(text))],
  ["sql", (text) => SQLS.some((pattern) => pattern.test(text))],
  ["source", isSource],
];

/** The first rule that finds code in a message; undefined if there is none. */
export function findCode(message: string): CodeRule | undefined {
  const text =
    message.length <= 2 * SEARCHED_CHARS
      ? message
      : `${message.slice(0, SEARCHED_CHARS)}\n${message.slice(-SEARCHED_CHARS)}`;
  return CODE_RULES.find(([, matches]) => matches(text))?.[0];
}

/** Whether a fenced block is code by its language, or by what is in it: people fence quotations too. */
function hasCodeFence(text: string): boolean {
  for (let at = text.indexOf("```"); at !== -1; at = text.indexOf("```", at + 3)) {
    const rest = text.slice(at + 3, at + 3 + BLOCK_CHARS);
    const lineEnd = rest.indexOf("\n");
    const language = (lineEnd === -1 ? rest : rest.slice(0, lineEnd)).trim();
    if (language.length < 20 && CODE_LANGUAGES.test(language)) return true;
    const end = rest.indexOf("```");
    const block = end === -1 ? rest : rest.slice(0, end);
    if (isSource(block)) return true;
    if (end === -1) return false;
    at += 3 + end;
  }
  return false;
}
