import { describe, expect, test } from "vitest";
import { asksForWeb } from "#lib/tools/web-search/asks-for-web.ts";
import { expectLinear } from "../../support/linear.ts";

const ASKS: readonly string[] = [
  "Search the web for the best pizza in Naples",
  "search the internet: who won yesterday?",
  "Can you search online for a cheap flight to Oslo?",
  "Please google the opening hours of the Louvre",
  "google it",
  "Could you google who won the Booker Prize",
  "look it up online",
  "Look up on the internet when the next eclipse is",
  "Can you look this up on Google?",
  "find online reviews of this hotel? no, find out online what people say",
  "Do a web search for Hungarian election results",
  "run a quick google search and tell me the price",
  "browse the web and summarise what is new in Rust",
  "check online whether the shop is open",
  `Here is my text.\n\n${"Lorem ipsum dolor sit amet. ".repeat(80)}\n\nNow search the web for its author.`,
  "Suche im Internet nach den Wahlergebnissen",
  "Kannst du mal im Netz schauen, wann das Konzert ist? Such bitte im Internet.",
  "Google mal, wer gewonnen hat",
  "Schau bitte online nach, was das kostet",
  "Cherche sur internet les horaires du musée",
  "peux-tu faire... fais une recherche web sur ce sujet",
  "Regarde sur Google qui a gagné",
  "Busca en internet el precio del iPhone",
  "búscalo en Google",
  "Investiga en la web quién ganó",
  "Pesquise na internet o resultado do jogo",
  "Procura no Google o preço da gasolina",
  "Cerca su internet il risultato della partita",
  "cercami online un volo per Roma",
  "Поищи в интернете, кто выиграл матч",
  "Загугли, пожалуйста, курс",
  "上网搜索一下今天的新闻",
  "帮我在网上查一下这家店的营业时间",
  "百度一下这个人是谁",
  "ネットで検索して",
  "インターネットで調べてください",
  "それググって",
  "인터넷에서 검색해줘",
  "구글에서 찾아봐",
  "ابحث في الإنترنت عن نتيجة المباراة",
  "ابحث لي على جوجل عن السعر",
  "इंटरनेट पर खोजो कि कौन जीता",
  "google pe search karo ki match kaun jeeta",
  "İnternette bu filmi kim çekti diye ara",
  "google'la",
];

const ASKS_NOT: readonly string[] = [
  "How does Google rank web pages?",
  "Write a Python script that can search the web for prices",
  "Build a tool to search the internet",
  "Explain how a web search engine works",
  "I work at Google, and the team is nice",
  "Google the company was founded in 1998?",
  "How do I use the Google Sheets API?",
  "Write a function which does a google search",
  "The search for meaning is online gaming's topic",
  "Search the text for the word web",
  "What is the difference between the internet and the web?",
  "I found this recipe; is it good?",
  "My online shop needs a slogan",
  "Read this aloud",
  "Search my code for bugs",
  "search the web page for broken links",
  "Check the web server for errors",
  "Ich arbeite online im Vertrieb",
  "Was ist das Internet?",
  "Das Suchen und Finden der Liebe",
  "Je travaille en ligne",
  "Internet, c'est quoi ?",
  "Trabajo en internet desde 2010",
  "¿Qué es Google?",
  "Trabalho na internet",
  "Lavoro su internet",
  "Что такое интернет?",
  "我在网上工作",
  "什么是百度?",
  "インターネットとは何ですか",
  "인터넷이 뭐야?",
  "ما هو الإنترنت؟",
  "इंटरनेट क्या है?",
  "İnternet nedir?",
  "Translate 'look it up' into French",
  "Write a poem about the web of a spider",
  "How do I search the web safely?",
  "Comment trouver un emploi en ligne ?",
  "Wie finde ich online einen Job?",
  "¿Cómo buscar trabajo en internet?",
  "如何上网搜索资料?",
  "Mira, trabajo en internet",
];

describe("a plain request to search the web", () => {
  test.each(ASKS)("is one: %s", (message) => {
    expect(asksForWeb(message)).toBe(true);
  });

  test.each(ASKS_NOT)("is none: %s", (message) => {
    expect(asksForWeb(message)).toBe(false);
  });

  test("is found in linear time, whatever the message", () => {
    for (const unit of [" ", "9", "a ", "search the ", "busca ", "такое ", "在网上", "google "])
      expectLinear(12_500, (size) => () => asksForWeb(unit.repeat(size)));
  });
});
