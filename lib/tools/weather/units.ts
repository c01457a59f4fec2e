/** The units of a place, by the names that Open-Meteo gives them. */
export type Units = {
  temperature: "celsius" | "fahrenheit";
  wind: "kmh" | "mph";
  rain: "mm" | "inch";
};

const FAHRENHEIT = new Set(["US", "LR", "MM"]);

/** What people there use: degrees Fahrenheit in three countries, miles in Britain too. */
export function unitsOf(countryCode: string | undefined): Units {
  if (countryCode !== undefined && FAHRENHEIT.has(countryCode))
    return { temperature: "fahrenheit", wind: "mph", rain: "inch" };
  return { temperature: "celsius", wind: countryCode === "GB" ? "mph" : "kmh", rain: "mm" };
}
