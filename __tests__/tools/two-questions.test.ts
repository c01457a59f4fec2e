import { describe, expect, test } from "vitest";
import { detectConversions } from "#lib/tools/exchange-rates/follow-up.ts";
import { detectWeather } from "#lib/tools/weather/detect.ts";

const TODAY = "2026-11-22";

/** Messages that ask for the weather and for a rate, the places, and the conversions. */
const MESSAGES: readonly (readonly [message: string, places: string, conversions: string])[] = [
  ["How's the weather in Rome and how much is 100 dollars in euros?", "Rome", "100 USD > EUR"],
  ["100 usd in eur and weather in berlin", "berlin", "100 USD > EUR"],
  ["Convert 100 USD to EUR, then tell me the weather in Berlin", "Berlin", "100 USD > EUR"],
  ["What's the weather in Paris tomorrow and how much is 500 GBP in EUR?", "Paris", "500 GBP > EUR"],
  ["How much is 500 GBP in EUR? And will it rain in Paris tomorrow?", "Paris", "500 GBP > EUR"],
  [
    "What was 500 GBP in EUR yesterday, and will it rain in Oslo tomorrow?",
    "Oslo",
    "500 GBP > EUR @ 2026-11-21",
  ],
  ["weather in Rome and Milan; 1,200 USD in EUR and CHF", "Rome; Milan", "1200 USD > EUR,CHF"],
  ["status of MSCU1234566, weather in Hamburg, and 5000 USD in EUR", "Hamburg", "5000 USD > EUR"],
  ["Wie ist das Wetter in Zürich und wie viel sind 200 Euro in Franken?", "Zürich", "200 EUR > CHF"],
  ["Quel temps fait-il à Rome et combien font 100 dollars en euros ?", "Rome", "100 USD > EUR"],
  ["¿Qué tiempo hace en Madrid y cuánto son 100 dólares en euros?", "Madrid", "100 USD > EUR"],
  ["Como está o tempo em Lisboa e quanto são 100 dólares em reais?", "Lisboa", "100 USD > BRL"],
  ["Che tempo fa a Milano e quanti euro sono 100 dollari?", "Milano", "100 USD > EUR"],
  ["Какая погода в Москве и сколько будет 100 долларов в евро?", "Москве", "100 USD > EUR"],
  ["北京今天天气怎么样，另外100美元是多少人民币", "北京", "100 USD > CNY"],
  ["東京の天気と100ドルは何円か教えて", "東京", "100 USD > JPY"],
  ["서울 날씨 어때? 그리고 100달러는 몇 원이야?", "서울", "100 USD > KRW"],
  ["दिल्ली का मौसम कैसा है और 100 डॉलर कितने रुपये हैं?", "दिल्ली", "100 USD > INR"],
  ["İstanbul'da hava nasıl ve 100 dolar kaç lira?", "İstanbul", "100 USD > TRY"],
  ["كيف الطقس في دبي وكم يساوي 100 دولار باليورو؟", "دبي", "100 USD > EUR"],
];

/** What else is said with a time does not say of which day a rate is. */
const OTHER_TIMES: readonly (readonly [message: string, conversions: string])[] = [
  ["I fly to Tokyo tomorrow. How much is 500 GBP in yen?", "500 GBP > JPY"],
  ["Next week I'm in Japan, so how much is £500 in yen?", "500 GBP > JPY"],
  ["Ich reise morgen nach Zürich, wie viel sind 200 Euro in Franken?", "200 EUR > CHF"],
  ["Demain je pars à Londres : combien font 100 euros en livres ?", "100 EUR > GBP"],
  ["100 dollars in euros tomorrow", "100 USD > EUR @ 2026-11-23"],
  ["What will 100 dollars be in euros next week?", "100 USD > EUR @ 2026-11-29"],
  ["It was 3 March 2024. How much was 100 USD in EUR?", "100 USD > EUR @ 2024-03-03"],
];

const placesIn = (message: string): string =>
  detectWeather({ message, history: [] })
    .map(({ place }) => place ?? "?")
    .join("; ");
const conversionsIn = (message: string): string =>
  detectConversions({ message, history: [] }, TODAY)
    .map(
      ({ amount, from, to, date }) =>
        `${amount} ${from} > ${to.join(",")}${date === undefined ? "" : ` @ ${date}`}`,
    )
    .join("; ");

describe("a message that asks for the weather and for a rate is read by each tool for its own part", () => {
  test.each(MESSAGES)("%s", (message, places, conversions) => {
    expect([placesIn(message), conversionsIn(message)]).toEqual([places, conversions]);
  });
});

describe("a day to come is the day of a rate only where it stands with the currencies", () => {
  test.each(OTHER_TIMES)("%s", (message, conversions) => {
    expect(conversionsIn(message)).toBe(conversions);
  });
});

test("the name of a currency alone may be a place", () => {
  expect(placesIn("Wie ist das Wetter in Franken?")).toBe("Franken");
});
