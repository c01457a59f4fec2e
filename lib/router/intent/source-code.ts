/** What stands in no prose, in any of the usual languages. */
const MARKS: readonly RegExp[] = [
  // Python.
  /^[ \t]{0,40}(?:async )?def \w{1,80}\(/m,
  /^[ \t]{0,40}from [\w.]{1,80} import \w/m,
  /^[ \t]{0,40}import [\w.]{1,80}(?: as \w{1,30})?[ \t]*$/m,
  /^[ \t]{0,40}class [A-Z]\w{0,80}(?:\([\w., ]{0,120}\))?:[ \t]*$/m,
  /\bif __name__\b|\bself\.\w|\b__init__\b|\blambda \w{1,20}:/,
  /^[ \t]{0,40}(?:for \w{1,30}(?:, ?\w{1,30})? in|while|if|elif) [^\n?]{1,160}:[ \t]*$/m,
  // JavaScript, TypeScript and those with braces.
  /\bimport [^\n]{1,160} from ["']/,
  /\bfunction\*? ?\w{0,60}\([^()\n]{0,160}\) ?\{/,
  /\)? ?=> ?[{(\w]/,
  /\b(?:const|var) [\w{[][^=\n]{0,80} ?= ?\S/,
  /\blet (?:mut )?\w{1,60}(?:: ?[\w<>[\]]{1,40})? = [^\n]{1,200};[ \t]*$/m,
  /\bconsole\.(?:log|error)\(|\bSystem\.out\.print|\bdocument\.\w{1,40}\(|\b(?:fmt|os|np|pd|plt|torch)\.[A-Za-z]\w{1,40}\(/,
  /\b(?:useState|useEffect|setTimeout|require|printf|println!?|malloc|sizeof|isinstance|addEventListener)\(/,
  /\bprint\((?:f?["']|\w{1,40}[)([.])/,
  /\b(?:public|private|protected) (?:static |final |async |override ){0,3}[\w<>[\], ]{1,60}\(/,
  /\b(?:public|private|export|abstract|sealed|data) (?:default |abstract )?(?:class|interface|enum|struct|function|const) \w/,
  /(?:^[ \t]{0,40}|[ \t])#(?:include|define|ifdef|pragma)\b/m,
  /^[ \t]{0,40}(?:pub )?fn \w{1,60}(?:<[^>\n]{1,60}>)?\(|^[ \t]{0,40}func (?:\([^)\n]{1,60}\) )?\w{1,60}\(|^package \w{1,40};?[ \t]*$/m,
  /^[ \t]{0,40}(?:for|while|if|switch) ?\([^\n]{1,160}\) ?\{/m,
  /<\?php|<!DOCTYPE html>|<\/(?:div|span|p|a|ul|li|html|body|script|table|td|tr|button|form|style|h\d)>|<(?:div|script|input|img|button|span)[ >]/i,
  /\bstd::\w|\b(?:int|void|char|float|double|bool|string|String) \w{1,40}\([^\n)]{0,160}\) ?[{;]/,
  /^[ \t]{0,40}@(?:app|pytest|Override|Autowired|Component|Injectable|dataclass|staticmethod|property)\b/m,
  // A call in backticks, or a path and the names in it.
  /`[\w.]{1,60}\([^`\n]{0,80}\)`|`[a-z]{1,30}(?:_[a-z]{1,30}){1,4}`|`[a-z]{1,30}[A-Z]\w{1,40}`/,
  /(?<![\w.@])(?:[a-z]\w{0,30}\/)?[\w-]{1,40}\.(?:py|js|tsx?|jsx|cpp|java|rs|go|rb|php|swift|kt|sh|ipynb|ya?ml|toml|dockerfile|tf|css|scss|html)(?![\w.])/,
  // A regular expression.
  /\^\[[\w\\-]{1,40}\][+*{]|\(\?[:=!<]|\\[dws][+*]/,
];

/** The end of a line of code in most languages; clauses of a contract end in a plain semicolon. */
const CODE_LINE_END = /(?:[)\]}"'`];|^[ \t]*[{}]|[)\w] ?\{|\):|\/>)$/;
/** So many lines with such an end are code. */
const CODE_LINES = 3;

/** Drawings of the Asymptote language stand in problems of geometry, and formulas in all of them. */
const MATHEMATICS = /\[asy\]|\\(?:frac|begin|sqrt|sum|int|cdot|text)\b/;

/** Whether a text contains source code; linear in its length. */
export function isSource(text: string): boolean {
  if (MATHEMATICS.test(text)) return false;
  return MARKS.some((mark) => mark.test(text)) || hasCodeLines(text);
}

function hasCodeLines(text: string): boolean {
  let found = 0;
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    const tail = text.slice(Math.max(start, end - 8), end).trimEnd();
    if (CODE_LINE_END.test(tail)) found++;
    if (found >= CODE_LINES) return true;
    start = end + 1;
  }
  return false;
}
