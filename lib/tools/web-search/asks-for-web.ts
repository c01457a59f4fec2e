import { asksForWords } from "#lib/tools/text/asks.ts";

/** A request to search the web may stand at either end of a message; this much of each is read, characters. */
const MAX_READ = 400;

const ONLINE = "(?:the )?(?:web|internet|net)|online|google|bing|duckduckgo";

/**
 * Plain requests to search the web, by language. A word for searching and one for the web must stand together:
 * "google" alone may be the company. Each is linear: no part that repeats stands before another that could match
 * the same text.
 */
const REQUESTS: readonly RegExp[] = [
  // English. "search the web page" and "search the web app" are about something else.
  new RegExp(
    String.raw`\b(?:search|browse|check|scan|scour) (?:on |through )?(?:${ONLINE})(?! (?:pages?|apps?|sites?|servers?|requests?|api|sheets|docs|drive|cloud|search console|analytics|maps api))\b`,
    "i",
  ),
  /\b(?:look|find|search|check|read)(?:ing)? (?:(?:it|this|that|them|these|something) )?(?:up |out )?(?:online|(?:on|in|from|using|via|with) (?:the (?:web|internet|net)|google|bing|duckduckgo))\b(?! (?:sheets|docs|drive|cloud|ads|analytics|console|scholar api|api))/i,
  new RegExp(
    String.raw`\b(?:do|run|make|perform|try|use) (?:a |an |the )?(?:quick |live )?(?:(?:web|internet|online|google|bing) search(?!es? (?:engine|api|algorithm|box|bar|console|feature|component|function))|search (?:on|of) (?:${ONLINE}))\b`,
    "i",
  ),
  // "google the score", "can you google it", not "google docs" and not "Google the company".
  /(?:^|[.!?;,]\s|\b(?:please|pls|you|just|and|to|then|now|go) )google (?:it|this|that|for|the|a|an|what|who|when|where|how|why|whether|if|some|his|her|their|my)\b(?! (?:company|search engine|api))/i,
  // German.
  /\b(?:such(?= (?:mal|bitte|doch|mir|uns|nach|im|das|die|den|es|online))|suche|suchst|suchen|recherchier\w{0,3}|schau|schaue|guck|sieh|finde|google)\b[^.,;:!?\n]{0,30}\b(?:im (?:internet|netz|web)|online|auf google|bei google)\b/i,
  /\b(?:(?:kannst|könntest|würdest|bitte) (?:[\wäöüß]{1,10} ){0,4}googe?ln|google(?:le)? (?:mal|bitte|nach|das|es|den|die|der|was|wer|wie|wann)|(?:such|suche|schau|guck)(?: \w{1,12}){0,3} im (?:internet|netz|web)|(?:web|internet)suche nach)\b/i,
  // French.
  /\b(?:cherch(?:e|es|er|ez)|recherch(?:e|es|er|ez)|regard(?:e|er|ez)|v[ée]rifi(?:e|er|ez)|trouv(?:e|er|ez))\b[^.,;:!?\n]{0,30}(?:\bsur (?:le (?:web|net)|internet|la toile|google)|\ben ligne)\b/i,
  /\b(?:googl(?:e|er|ez)[ -](?:le|la|les|ça|moi)|fai[st](?:es)? une recherche (?:web|internet|google|en ligne|sur (?:internet|le web|google)))\b/i,
  // Spanish and Portuguese.
  /\b(?:busca|buscar|busque|búscal[oa]|búscame|buscame|investiga|mira|consulta|encuentra|procura|procurar|procure|pesquisa|pesquisar|pesquise|busque)\b[^.,;:!?\n]{0,30}(?:\b(?:en|por|na|no|pela) (?:la (?:web|red)|web|rede|internet|google|línea|linea)|\bonline)\b/i,
  /(?:^|[\s¡¿.,])(?:googlea|googlear|googléalo|gugl[eé]alo|dá um google|dê um google|haz una búsqueda (?:web|en)|faça uma (?:busca|pesquisa) (?:na web|no google|na internet|online))(?=[\s.,!?]|$)/i,
  // Italian.
  /\b(?:cerca|cercare|cercami|cercalo|cerchi|controlla|guarda|trova|ricerca)\b[^.,;:!?\n]{0,30}(?:\b(?:su|sul|in) (?:internet|web|google|rete)|\bonline)\b/i,
  // Russian; \b knows no Cyrillic.
  /(?:^|[\s,.!?])(?:поищи|найди|поискать|ищи|посмотри|проверь|загугли|погугли)(?:те)?(?=[\s,.!?]|$)[^.,;:!?\n]{0,30}(?:\sв\s(?:интернете|сети|гугле|google|яндексе)|\sонлайн)(?=[\s,.!?]|$)/iu,
  /(?:^|[\s,.!?])(?:загугли|погугли|прогугли)(?:те)?(?=[\s,.!?]|$)/iu,
  // Chinese.
  /(?:上网|上網|在网上|在網上|网上|網上|联网|聯網|用谷歌|用百度|谷歌一下|百度一下)(?:帮我|幫我|给我|給我)?(?:搜索|搜尋|搜一下|搜|查询|查詢|查一下|查一查|查找|查|找|看一下|看看)|(?:搜索|搜尋|搜一下|查一下)(?:一下)?(?:网络|網絡|互联网|網路|网上|網上)|(?:谷歌|百度)一下/,
  // Japanese.
  /(?:ネット|インターネット|ウェブ|web|google|グーグル|オンライン)(?:上)?(?:で|を使って|を)(?:検索|調べ|探し|さがし|しらべ)|(?:ググって|ググってください|ググれ|web検索して|ウェブ検索して|ネット検索して)/i,
  // Korean.
  /(?:인터넷|웹|온라인|구글|네이버)(?:에서|으로|에)?\s?(?:검색|찾아|조사|알아봐)|구글링/,
  // Arabic.
  /(?:ابحث|إبحث|ابحثي|فتش|دور|شوف)[^.,;:!?؟،\n]{0,30}(?:في|على|ع)\s?(?:الإنترنت|الانترنت|النت|الويب|الشبكة|جوجل|غوغل|قوقل)/,
  // Hindi, also in Latin letters.
  /(?:इंटरनेट|वेब|गूगल|ऑनलाइन|नेट)\s?(?:पर|में|से)?\s?(?:खोज|ढूंढ|ढूँढ|सर्च|देख)|\b(?:internet|google|net|online) (?:par|pe|pr|me|mein|se) (?:search|dhund|dhoond|khoj|dekh)/i,
  // Turkish.
  /(?:[iİ]nternette|web'?de|google'?da|çevrimiçi)\s(?:\S{1,20}\s){0,8}(?:ara|arat|araştır|araştırır|bak|bul)(?=[\s.,!?]|$)|(?:^|\s)google'?la(?=[\s.,!?]|$)/i,
];

/** What looks like one of them and is about code that searches. */
const ABOUT_CODE =
  /\b(?:function|script|code|class|program|app|application|bot|crawler|scraper|api|library|package|python|javascript|typescript|java|rust|regex|sql|react|algorithm|plugin|extension|tool|agent)s?\b[^.!?\n]{0,40}\b(?:that|which|to|for|can)\b/i;

/** Before it, the message asks how people search. */
const HOW_TO =
  /(?<!\p{L})(?:how (?:do|does|can|could|should|would|to)|comment|wie|cómo|como (?:posso|faço|se)|come (?:si|posso|faccio)|как|nasıl)(?!\p{L})|如何|怎么|怎麼|怎样|どうやって|어떻게|كيف|कैसे/iu;

/** Directly before it, the search is not wanted: "don't search the web", "ohne im Internet zu suchen". */
const NOT_WANTED =
  /(?<!\p{L})(?:do not|don[’']?t|never|no need to|not to|without|nicht|ohne|sans|ne|sin|no|sem|não|nao|senza|non|не|без)\s(?:\p{L}{1,8}\s)?$|(?:不要|别|別|不用|无需|無需)$|(?<!\p{L})(?:بدون|دون|لا)\s(?:أن\s)?$/iu;
/** Directly behind it. */
const NOT_WANTED_BEHIND =
  /^[^.!?\n]{0,20}(?:せずに|しないで|しなくて|하지\s?말고|하지\s?마|없이|मत|बिना|(?<!\p{L})(?:nicht|yapma|etme|arama)(?!\p{L}))/u;
/** Somebody tells what they do or did. */
const TOLD =
  /(?<!\p{L})(?:i|we|he|she|they)(?:[’'](?:m|ve|re|s)| am| was| were| are| is| have been| had been| like| love| often| usually| always| just| only)\s(?:\p{L}{1,10}\s)?$/iu;

/** Whether the message plainly asks to search the web. Reads at most its two ends. */
export function asksForWeb(message: string): boolean {
  const ends =
    message.length <= 2 * MAX_READ ? [message] : [message.slice(0, MAX_READ), message.slice(-MAX_READ)];
  return ends.some((end) => REQUESTS.some((request) => isAsked(end, request)));
}

/** Not where a program or people are to do it: "write a script that searches the web". */
function isAsked(text: string, request: RegExp): boolean {
  const found = request.exec(text);
  if (found === null) return false;
  const before = text.slice(Math.max(0, found.index - 80), found.index);
  const sentence = before.slice(before.search(/[^.!?\n]*$/));
  if (ABOUT_CODE.test(sentence) || HOW_TO.test(sentence) || asksForWords(sentence)) return false;
  const isUnwanted =
    NOT_WANTED.test(sentence) || NOT_WANTED_BEHIND.test(text.slice(found.index + found[0].length));
  return !isUnwanted && !TOLD.test(sentence);
}
