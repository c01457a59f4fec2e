/** Which messages ask for a plugin. Matched against lower-case text of bounded length. */
export type PluginRule = {
  /** Any of these must match. */
  when: readonly RegExp[];
  /** None of these may match. */
  unless: readonly RegExp[];
};

/** The beginning of a sentence that asks for something, with up to three polite words that ask for nothing. */
export const START =
  "(?:^|[.!?\\n] *)(?:(?:please|hey|hi|hello|ok|now|then|could you|can you|would you|i want you to|i'd like you to)[ ,]+){0,3}";

/** Questions about a subject are for a model, whatever they mention. */
const ABOUT =
  /\b(?:how (?:do|can|could|should|would) (?:i|we|you|one|people)|how to|what(?:'s| is| are) (?:an?|the (?:difference|best|point)) |explain how|compare|recommend|difference between|pros and cons|tutorial|versus|vs)\b/;
/** So are programs, and the operation of computers. */
const TECHNICAL =
  /\b(?:python|javascript|typescript|java|rust|golang|bash|scripts?|functions?|regex|sql|api|libraries|library|npm|pip|docker|kubernetes|github|install|configure|deploy|set up|implement|debug)\b|```/;

const KEPT = "(?:indexed|uploaded|stored|internal|company|ingested)";
const OURS = `(?:all )?(?:(?:my|our)(?: ${KEPT})?|the ${KEPT})`;
const FILES =
  "(?:pdfs|pdf (?:files|library|documents|index|collection)|documents|docs|knowledge base)\\b(?! folder)";
const SAY = "(?:say|mention|contain|state|tell|cover|define|require|specify|describe|deal with|talk about)";
/** What may follow a model; another noun makes something else of it: a model railway, an AI meetup. */
const BEHIND_MODEL =
  "(?= ?(?:[^\\w ]|$)| (?:to|for|on|in|with|about|if|whether|what|who|whose|which|why|how|when|where|is|are|and|please|now|this|that|it|instead|only|answer|handle|do|decide|write|draft|translate|summari[sz]e|rewrite|explain)\\b)";
const LOCAL_MODEL = `(?:the|our|my) (?:local|on-?prem(?:ises)?|self-?hosted|in-?house) (?:llm|ai|model|language model|llms|models)\\b${BEHIND_MODEL}`;

/** Rules by plugin; their table of messages is `__tests__/plugins/plugin-messages.ts`. */
export const PLUGIN_RULES: Readonly<Record<string, PluginRule>> = {
  "rag-over-pdf": {
    when: [
      new RegExp(`${START}(?:search|query|ask|consult) (?:${OURS}|the) ${FILES}`),
      new RegExp(
        `${START}(?:search|look|check|find|dig)\\b.{0,80}\\b(?:in|into|through|across|over|within|from) ${OURS} ${FILES}`,
      ),
      new RegExp(
        `\\b(?:what|which|where|who|when|how (?:much|many|long))\\b.{0,80}\\b(?:in|from|across|within) ${OURS} ${FILES}`,
      ),
      new RegExp(`\\b(?:which|any|some|none) of ${OURS} ${FILES} ${SAY}s?\\b`),
      new RegExp(`\\bwhat ${OURS} ${FILES} ${SAY}\\b`),
      new RegExp(`\\bdo(?:es)? (?:any of )?${OURS} ${FILES} ${SAY}\\b`),
      new RegExp(`${START}(?:in|from|using|with|across|question about|chat with) ${OURS} ${FILES} ?[,:]`),
      new RegExp(`\\b(?:according to|based on|answer from|going by) (?:only )?${OURS} ${FILES}`),
      /\b(?:use|using|with|via) (?:the )?rag\b.{0,40}\b(?:pdfs?|documents|docs)\b/,
    ],
    unless: [
      ABOUT,
      TECHNICAL,
      /\b(?:convert|merge|split|compress|print|sign|encrypt|delete|upload|rename|attached|attachments?|back ?up|store|organi[sz]e)\b/,
    ],
  },
  "local-llm-router": {
    when: [
      new RegExp(
        `${START}(?:ask|use|let|have|route|send|run|answer|do|process|handle|keep)\\b.{0,60}\\b${LOCAL_MODEL}`,
      ),
      new RegExp(`${START}(?:using|with|via|on) ${LOCAL_MODEL}`),
      new RegExp(`${START}ask ollama\\b`),
      new RegExp(
        `${START}(?:run|route|send|answer|process|handle) (?:this|that|it|the following|my question) (?:to|on|with|via|by|through) ollama\\b`,
      ),
    ],
    unless: [ABOUT, TECHNICAL, /\b(?:laptop|gpu|vram|download|benchmark|latency|cheaper|fine-?tune)\b/],
  },
  "receipt-scanner": {
    when: [
      /\b(?:scan|read|ocr|parse|extract|digiti[sz]e|itemi[sz]e|transcribe|capture|process)\b.{0,60}\breceipts?\b/,
      /\breceipts?\b.{0,40}\b(?:into|to|as) (?:json|csv|structured data|a table|line items)\b/,
    ],
    unless: [
      ABOUT,
      TECHNICAL,
      /\b(?:draw|draft|write|e-?mail|letter|translate|fake|genuine|real|edit|forge|lost|why|how long|should|would a|like this)\b/,
    ],
  },
  "agent-orchestrator": {
    when: [
      new RegExp(
        `${START}(?:run|start|launch|kick off|trigger|use|execute)\\b.{0,40}\\b(?:multi-?agent (?:workflow|research|run)|research[ -]swarm|agent (?:workflow|swarm|orchestrator)|research workflow)\\b`,
      ),
      new RegExp(
        `${START}(?:have|let|get) (?:(?:the|our|my|an?) )?(?:agents|agent swarm|research swarm|swarm of agents|multi-?agent system) (?:to )?(?:research|investigate|look into|find|analy[sz]e|study)\\b`,
      ),
      new RegExp(
        `${START}(?:research|investigate|analy[sz]e|study)\\b.{0,120}\\b(?:with|using|via) (?:(?:the|our|my|an?) )?(?:agents|agent swarm|research[ -]swarm|multi-?agent workflow|agent orchestrator)\\b`,
      ),
      new RegExp(`${START}orchestrate (?:(?:several|multiple|the|some|a few) )?agents to\\b`),
    ],
    unless: [ABOUT, TECHNICAL, /\b(?:explain|diagram|estate|travel agents?)\b/],
  },
};
