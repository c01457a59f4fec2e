import { describe, expect, test } from "vitest";
import { detectNews } from "#lib/tools/news/detect-news.ts";
import { expectLinear } from "../support/linear.ts";

type Found = ReturnType<typeof detectNews>[number];
const front: Found = { order: "top" };
const newest: Found = { order: "newest" };
const about = (subject: string, rest: Partial<Found> = {}): Found => ({ order: "top", subject, ...rest });

const newsIn = (message: string, earlier: readonly string[] = []): Found[] =>
  detectNews({ message, history: earlier.map((content) => ({ role: "user" as const, content })) });

const MEANT: readonly [string, Found][] = [
  ["top stories on hacker news", front],
  ["Top 5 on HN?", front],
  ["What's on the front page of Hacker News right now?", front],
  ["What's trending on hackernews", front],
  ["hacker news", front],
  ["Was gibt's Neues auf Hacker News?", front],
  ["ハッカーニュースのトップは？", front],
  ["黑客新闻今天有什么", front],
  ["show me the front page of hacker news", front],
  ["Quoi de neuf sur Hacker News ?", front],
  ["Что нового на Hacker News?", front],
  ["Show me today's Hacker News", front],
  ["Was gibt es heute auf Hacker News?", front],
  ["¿Qué hay hoy en Hacker News?", front],
  ["Quelles sont les actualités sur Hacker News ?", front],
  ["Hacker News'te bugün ne var?", front],
  ["Что нового сегодня на Hacker News?", front],
  ["今日の Hacker News は?", front],
  ["Hacker News 今天有什么热门?", front],
  ["What's new in tech?", front],
  ["What's new in IT?", front],
  ["what is new in IT this week?", front],
  ["what is happening in the tech world today?", front],
  ["latest tech news", front],
  ["Any tech news today?", front],
  ["technology headlines", front],
  ["news from the tech scene", front],
  ["Was gibt's Neues in der Tech-Welt?", front],
  ["Quoi de neuf dans la tech ?", front],
  ["¿Qué hay de nuevo en tecnología hoy?", front],
  ["últimas notícias de tecnologia", front],
  ["notizie tech di oggi", front],
  ["son teknoloji haberleri", front],
  ["Что нового в мире технологий?", front],
  ["今天科技圈有什么新闻？", front],
  ["最新のテックニュースを教えて", front],
  ["오늘의 IT 뉴스", front],
  ["أخبار التقنية اليوم", front],
  ["ताज़ा टेक न्यूज़", front],
  ["newest stories on Hacker News", newest],
  ["latest posts on HN", newest],
  ["HN about rust", about("rust")],
  ["what is hacker news saying about SQLite?", about("SQLite")],
  ["What does HN think of Kubernetes?", about("Kubernetes")],
  ["stories about postgres on hacker news", about("postgres")],
  ["Anything about the new Zig release on HN today?", about("new Zig release")],
  ["Best rust posts on Hacker News", about("rust")],
  ["top 10 machine learning stories on HN this week", about("machine learning", { days: 7 })],
  ["Hacker News discussions on WebAssembly", about("WebAssembly")],
  ["top stories on hacker news this month", { order: "top", days: 30 }],
  ["What does HN think of React?", about("React")],
  ["top React stories on Hacker News", about("React")],
  ["what is HN saying about the OpenAI API?", about("OpenAI API")],
  ["stories about Node.js on hacker news", about("Node.js")],
  ["HN: SQL", about("SQL")],
  ["top posts on hn", front],
  ["latest HN posts about Deno", about("Deno", { order: "newest" })],
];

const NOT_MEANT: readonly string[] = [
  // General news is a matter of web search.
  "What's in the news today?",
  "latest news",
  "top headlines",
  "news about the election",
  "What's new with Tesla?",
  "tech news about Apple's earnings",
  "What is new in it?",
  "what's the latest on it today?",
  "breaking news in Ukraine",
  "that's news to me",
  "What's new in TypeScript 6?",
  "what is the latest version of node",
  // The site itself, and work with its name in it.
  "What is Hacker News?",
  "What do people say about Hacker News?",
  "Tell me about the Hacker News API, latest version",
  "top quán cà phê HN",
  "best hotels, HN 2026",
  "Who founded Hacker News?",
  "How does the Hacker News ranking algorithm work?",
  "Build a Hacker News clone in React",
  "Write a Python script that scrapes the top stories from Hacker News",
  "How do I use the HN API to get top stories?",
  "Implement a Hacker News client in SwiftUI",
  "Draft a Show HN post about my new app",
  "How do I get to the front page of Hacker News?",
  "My post on Hacker News was flagged, why today?",
  "write a hacker news style headline for my blog",
  "a hacker news style headline for my blog",
  "what do you think of hacker news?",
  "I read a story on hacker news about burnout, what do you think?",
  "Write a headline in the style of Hacker News",
  // Words that only look like it.
  "hackers in the news",
  "news of a hacker",
  "the hn suffix",
  "a story about a hacker",
  "Tell me a story",
  "translate 'top stories' into German",
  "trending songs",
  "tech support",
  "Technik",
  "Was gibt es Neues?",
  "notícias",
  "Son haberler neler?",
  "科技是什么",
  "the front page of the newspaper",
];

describe("a question for news of technology", () => {
  test.each(MEANT)("%s", (message, found) => {
    expect(newsIn(message)).toEqual([found]);
  });

  test.each(NOT_MEANT)("is none: %s", (message) => {
    expect(newsIn(message)).toEqual([]);
  });
});

describe("a follow-up", () => {
  const earlier = ["top stories on hacker news"];
  test.each<[string, Found[]]>([
    ["And about rust?", [about("rust")]],
    ["what about databases?", [about("databases")]],
    ["and the newest?", [newest]],
    ["Thanks!", []],
    ["Tell me more", []],
  ])("%s", (message, found) => {
    expect(newsIn(message, earlier)).toEqual(found);
  });

  test("means nothing behind another question", () => {
    expect(newsIn("And about rust?", ["Who wrote Faust?"])).toEqual([]);
    expect(newsIn("And about rust?", [...earlier, "Who wrote Faust?"])).toEqual([]);
  });
});

test.each(["hacker news ", " ", "1", "a ", "about ", "the ", "news ", "what's new in "])(
  "time does not grow without bounds with the message: %s",
  (unit) => {
    expectLinear(25_000, (size) => {
      const message = unit.repeat(Math.ceil(size / unit.length));
      return () => newsIn(message, [message]);
    });
    // The longest that is looked at is read in no time, many times over.
    const longest = unit.repeat(300).slice(0, 300);
    const from = performance.now();
    for (let round = 0; round < 20; round++) newsIn(longest, [longest]);
    expect(performance.now() - from).toBeLessThan(200);
  },
);
