/** "What's new in tech?": general news of technology, without a subject of its own. */
const ENGLISH =
  /^(?:(?:hey|hi|ok|so|please|show me|give me|tell me|any|get me)[,\s]{1,3}){0,3}(?:(?:what(?:'s|’s| is|s) (?:the )?(?:new|latest|happening|going on|up|trending|hot|the latest|the latest news|the news)|(?:the )?(?:latest|newest|recent|top|today'?s|current)(?: news| headlines| stories)?|news|headlines)(?: (?:today|right now|lately|this week))? (?:in|from|on) (?:the )?(?:world of )?(?:tech|technology|it|startups?|tech (?:world|industry|scene))|(?:(?:the|some|any|latest|newest|recent|top|today'?s|current)\s){0,3}(?:tech|technology|startup) (?:news|headlines|stories))(?: (?:today|right now|now|lately|this week|this morning|for today|please|for me)){0,2}\s*[?.!]*$/i;

/** The same in other languages: each is the whole message. */
const OTHERS: readonly RegExp[] = [
  /^(?:was gibt(?:'s|’s| es) neues (?:in|aus) (?:der )?(?:tech|technik|it)(?:[- ]?(?:welt|branche))?|(?:(?:die )?(?:neuesten|aktuellen?) )?tech(?:nik)?[- ]?(?:news|nachrichten))(?: (?:von )?heute)?\s*[?.!]*$/i,
  /^(?:quoi de neuf dans (?:la tech|le monde de la tech)|(?:les )?(?:derni[eè]res )?(?:actus?|actualit[ée]s|nouvelles|news) (?:tech|high-tech|de la tech))(?: du jour| aujourd'hui)?\s*[?.!]*$/i,
  /^¿?(?:qu[ée] hay de nuevo en (?:la )?(?:tecnolog[íi]a|tech)|(?:(?:las )?[úu]ltimas )?noticias (?:de tecnolog[íi]a|tech|tecnol[óo]gicas))(?: (?:de )?hoy)?\s*[?.!]*$/i,
  /^(?:o que h[áa] de novo (?:na|em) tecnologia|(?:(?:as )?[úu]ltimas )?not[íi]cias (?:de tecnologia|tech))(?: (?:de )?hoje)?\s*[?.!]*$/i,
  /^(?:(?:le )?(?:ultime )?notizie (?:di tecnologia|tech|tecnologiche)|che novit[àa] ci sono nella tecnologia)(?: (?:di )?oggi)?\s*[?.!]*$/i,
  /^(?:teknoloji(?:de)? (?:haberleri|gündemi|neler oluyor|ne var ne yok)|(?:bugünkü|son|güncel) teknoloji haberleri)\s*[?.!]*$/i,
  /^(?:что нового в (?:мире )?технологи(?:ях|й)|(?:последние )?новости (?:технологий|из мира технологий))\s*[?.!]*$/i,
  /^(?:今天|最新)?的?科技(?:圈|界)?(?:新闻|新聞|头条|頭條|有什么新闻|有什么新鲜事)[?？。!]*$/,
  /^(?:今日の|最新の)?(?:テック|テクノロジー|技術)の?ニュース(?:は|を教えて)?[?？。]*$/,
  /^(?:오늘의? ?|최신 ?)?(?:테크|기술|IT) ?뉴스[?.!]*$/,
  /^(?:آخر )?أخبار (?:التقنية|التكنولوجيا)(?: اليوم)?\s*[؟.!]*$/,
  /^(?:आज की |ताज़ा )?(?:टेक|तकनीकी|टेक्नोलॉजी) (?:न्यूज़|खबरें|समाचार)[?।!]*$/,
];

/** "What is new in it?" is about what was talked of before, or about a file that came with the message. */
const ABOUT_SOMETHING = /(?:in|from|on) (?:it|It)(?: [\p{L} ]{1,40})?\s*[?.!]*$/u;

/** Whether a message is nothing but a question for news of technology. */
export function isTechNews(message: string): boolean {
  return (
    (ENGLISH.test(message) && !ABOUT_SOMETHING.test(message)) ||
    OTHERS.some((pattern) => pattern.test(message))
  );
}
