import { isTechNews } from "#lib/tools/news/tech-news.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";

type DetectedNews = { subject?: string; order: "top" | "newest"; days?: number };

/** A question for news is short; a longer text only mentions the site, characters. */
const MAX_QUESTION = 300;
const MAX_SUBJECT_WORDS = 6;

/** The site by its name. */
const SITE =
  /(?<![\p{L}\d.])(?:hacker ?news|hackernews|news\.ycombinator(?:\.com)?)(?![\p{L}\d])|ハッカー・?ニュース|黑客新闻|해커 ?뉴스/iu;
/** `HN` is Hanoi and Honduras, too: only in capitals, or behind "on", and where a name of a site can stand. */
const SITE_SHORT = /(?<![\p{L}\d])(?:HN|(?:on|from|auf|sur) hn)(?![\p{L}\d])/u;
const SITE_SHORT_PLACE =
  /^(?:show |ask )?HN(?![\p{L}\d])|(?<!\p{L})(?:on|from|in|at|does|do|is|did|the|today's|today’s|top|best|latest|newest|new|recent|popular|trending|hot(?:test)?|show me|check|what's|what’s|auf|bei|sur|en|su|no) hn(?![\p{L}\d])/iu;

/** Words that ask for what stands on the site now. */
const WANTED =
  /(?<!\p{L})(?:top|best|hot|hottest|trending|popular|front ?page|stor(?:y|ies)|headlines?|posts?|articles?|threads?|links|discussions?|latest|newest|recent|today|tonight|this week|this month|this year|right now|currently|what'?s (?:new|up|on|hot|happening|going on)|what is (?:new|on|hot|happening|trending)|talk(?:s|ing)? about|say(?:s|ing)?|said|think(?:s|ing)?|discuss(?:es|ed|ing)?|anything (?:new|about|on)|news about|show me|give me|check|heute|neues|de neuf|нового|nouveau|nuevo|novo|nuovo|aktuell|neueste|beste[ns]?|schlagzeilen|aujourd'hui|actualit|derni[eè]r|meilleur|hoy|noticias|portada|últim|mejores|oggi|notizie|ultime|hoje|notícias|bugün|haber|gündem|сегодня|новост|лучш)|今天|热门|最新|头条|今日|人気|トップ|오늘|인기|اليوم|أخبار|आज/iu;

/** Questions about the site itself, and work that is to be done with its name in it. */
const NOT_WANTED =
  /(?<!\p{L})(?:clone|scrap(?:e|er|ing)|crawl\w{0,4}|apis?|algorithms?|rank(?:s|ed|ing)?|code|script|function|endpoint|library|sdk|app|website|css|html|react|component|client|bot|regex|sql|implement\w{0,6}|build\w{0,4}|develop\w{0,4}|program|write|draft|compose|translate|rewrite|summari[sz]e this|account|log ?in|sign ?up|password|karma|moderat\w{0,5}|guidelines|founded|founder|created|history of|owns?|how (?:does|do|to|can|did)|(?:news|hn)[- ]style|headline for|my (?:post|submission|launch|article|comment)|i (?:posted|read|saw)|get (?:on|to) the front|schreib\w{0,3}|écri\w{0,4}|escrib\w{0,4})(?!\p{L})/iu;
/** "What do people say about Hacker News?" */
const ABOUT_SITE =
  /(?:about|(?<!page |pages |stories |posts |best |top |rest )of|like) (?:the )?(?:hacker ?news|hn)(?: itself| site| community)?\s*[?.!]*$/i;
const WHAT_IS_IT = /^(?:what|who)(?:'s| is| are)\s+(?:hacker ?news|hn)\s*[?.!]*$/i;
const SITE_ALONE = /^(?:hacker ?news|hackernews)(?: please| now)?\s*[?.!]*$/i;

const NEWEST =
  /(?<!\p{L})(?:newest|latest|most recent|just posted|neueste|derni[eè]r|últim|ultime|новейш|последн)|最新/iu;
const DAYS: readonly (readonly [RegExp, number])[] = [
  [/(?<!\p{L})(?:this|past|last|the) year(?!\p{L})/iu, 365],
  [/(?<!\p{L})(?:this|past|last|the) month(?!\p{L})/iu, 30],
  [/(?<!\p{L})(?:this|past|last|the) week(?!\p{L})/iu, 7],
];

const SITE_NAME = "(?:hacker ?news|hackernews|hn)";
/** Where a subject stands; each takes the words up to the end of the sentence. */
const SUBJECTS: readonly RegExp[] = [
  /(?<!\p{L})(?:about|regarding|concerning|über|zu|sobre|про|約)\s((?:[^.?!\n]|\.(?=\S)){1,80})/iu,
  new RegExp(
    `(?<!\\p{L})${SITE_NAME} (?:think|thinks|thinking|say|says|saying|said|discussions?|posts|stories|threads|opinions?|takes?) (?:of|on|to) ((?:[^.?!\\n]|\\.(?=\\S)){1,80})`,
    "iu",
  ),
  new RegExp(
    `(?<!\\p{L})(?:top|best|latest|newest|recent|popular|trending|hottest)(?: \\d{1,2})? ((?:[^\\s.?!,]{1,20} ){1,3})(?:stories|posts|threads|articles|discussions|news) (?:on|from|in) ${SITE_NAME}`,
    "iu",
  ),
  new RegExp(`(?<!\\p{L})${SITE_NAME}: ?((?:[^.?!\\n]|\\.(?=\\S)){1,60})`, "iu"),
];
/** What follows a subject and is no part of it. */
const SUBJECT_END = new RegExp(
  `\\s(?:on|from|in|at|over at|auf|sur|en)\\s(?:the )?${SITE_NAME}.{0,80}$|\\s(?:today|now|right now|lately|recently|currently|please|these days|there|(?:this|last|past) (?:week|month|year)|in the (?:last|past) (?:week|month|year))\\s?$`,
  "iu",
);
/** Words that name no subject. */
const NO_SUBJECT =
  /^(?:it|that|this|them|anything|everything|today|now|what|tech|technology|stories|news|new|the)?$/i;

/** "And about rust?" after a question for news. */
const FOLLOW_UP =
  /^(?:(?:and|ok|okay|now|then|also|und|et|y)[,\s]{1,2}){0,2}(?:what|how|anything|something|stories|news|posts)?\s?(?:about|on)\s((?:[^.?!\n]|\.(?=\S)){1,60})[?.!]*$/i;
const NEWEST_FOLLOW_UP =
  /^(?:and|ok|now|und|et|y)?[,\s]{0,2}(?:the )?(?:newest|latest|most recent)(?: ones?| stories)?\s*[?.!]*$/i;

/** The news of Hacker News that a message asks for; none for general news. */
export function detectNews(request: ToolRequest): DetectedNews[] {
  const message = request.message.trim();
  if (message === "" || message.length > MAX_QUESTION) return [];
  const found = detectIn(message) ?? followUp(message, request.history);
  return found === undefined ? [] : [found];
}

function detectIn(message: string): DetectedNews | undefined {
  if (SITE_ALONE.test(message) || isTechNews(message)) return { order: "top" };
  if (!namesSite(message) || ABOUT_SITE.test(message) || WHAT_IS_IT.test(message)) return undefined;
  const subject = subjectOf(message);
  // "What does HN think of React?" is no work on React.
  if (NOT_WANTED.test(subject === undefined ? message : message.replace(subject, ""))) return undefined;
  if (subject === undefined && !WANTED.test(message)) return undefined;
  return withDays(message, subject);
}

function namesSite(message: string): boolean {
  return SITE.test(message) || (SITE_SHORT.test(message) && SITE_SHORT_PLACE.test(message));
}

function withDays(message: string, subject: string | undefined): DetectedNews {
  const days = DAYS.find(([pattern]) => pattern.test(message))?.[1];
  const order = NEWEST.test(message) && days === undefined ? "newest" : "top";
  return {
    ...(subject === undefined ? {} : { subject }),
    order,
    ...(days === undefined ? {} : { days }),
  };
}

function subjectOf(message: string): string | undefined {
  for (const pattern of SUBJECTS) {
    const subject = cleaned(pattern.exec(message)?.[1] ?? "");
    if (subject !== undefined) return subject;
  }
  return undefined;
}

/** The subject by itself; undefined for what is none. */
function cleaned(text: string): string | undefined {
  let subject = text.trim();
  for (let cut = subject.replace(SUBJECT_END, ""); cut !== subject; cut = subject.replace(SUBJECT_END, "")) {
    subject = cut;
  }
  subject = subject
    .replace(/^(?:the|a|an)\s/i, "")
    .replace(/["'“”«»,;:)\]]+$|^["'“”«»(]+/g, "")
    .trim();
  if (NO_SUBJECT.test(subject) || SITE.test(subject) || subject.split(/\s+/).length > MAX_SUBJECT_WORDS)
    return undefined;
  return subject;
}

function followUp(message: string, history: ToolRequest["history"]): DetectedNews | undefined {
  const before = history.findLast(({ role }) => role === "user")?.content.trim() ?? "";
  if (before === "" || before.length > MAX_QUESTION) return undefined;
  const subject = cleaned(FOLLOW_UP.exec(message)?.[1] ?? "");
  const wantsNewest = NEWEST_FOLLOW_UP.test(message);
  if (subject === undefined && !wantsNewest) return undefined;
  const earlier = detectIn(before);
  if (earlier === undefined) return undefined;
  return subject === undefined ? { ...earlier, order: "newest" } : { ...earlier, subject };
}
