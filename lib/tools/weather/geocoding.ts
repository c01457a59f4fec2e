import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { lazy } from "#lib/shared/lazy.ts";
import { fold } from "#lib/tools/text/fold.ts";

/** A place that the geocoder knows. */
export type Place = {
  name: string;
  /** The state or province. */
  region: string | undefined;
  country: string | undefined;
  countryCode: string | undefined;
  latitude: number;
  longitude: number;
};

/** The places of an answer, the best match first. No match is an answer without results. */
export function readPlaces(body: unknown): Place[] {
  return arrayField(body, "results").flatMap((result) => {
    const name = stringField(result, "name");
    const latitude = field(result, "latitude");
    const longitude = field(result, "longitude");
    if (name === undefined || !isDegrees(latitude, 90) || !isDegrees(longitude, 180)) return [];
    return [
      {
        name,
        region: stringField(result, "admin1"),
        country: stringField(result, "country"),
        countryCode: stringField(result, "country_code")?.toUpperCase(),
        latitude,
        longitude,
      },
    ];
  });
}

const isDegrees = (value: unknown, max: number): value is number =>
  typeof value === "number" && Math.abs(value) <= max;

/** `Paris, Texas, United States`. */
export function nameOf({ name, region, country }: Place): string {
  const parts = [name, region, country].filter((part) => part !== undefined && part !== "");
  return parts.filter((part, at) => parts.indexOf(part) === at).join(", ");
}

/** What is searched, and what must be true of the place that is found. */
export type Search = { name: string; qualifier: string | undefined };

/**
 * The searches for a place, the most likely first: as it is written; then with its last words as the state or
 * country ("Springfield IL"); then in other forms, since some languages inflect names.
 */
export function searchesFor(place: string): Search[] {
  const [name = "", ...qualifiers] = place.split(/\s*[,،、]\s*/).filter((part) => part !== "");
  if (qualifiers.length > 0) return [{ name, qualifier: qualifiers.join(", ") }];
  const words = name.split(/\s+/);
  const last = words.at(-1) ?? "";
  const split = (count: number): Search => ({
    name: words.slice(0, -count).join(" "),
    qualifier: words.slice(-count).join(" "),
  });
  const isAbbreviated = words.length > 1 && /^[A-Z]{2,3}$/.test(last);
  const splits = words.length > 1 ? [1, 2].filter((count) => count < words.length).map(split) : [];
  const whole = { name, qualifier: undefined };
  const others = otherForms(name).map((form) => ({ name: form, qualifier: undefined }));
  return isAbbreviated ? [...splits, whole] : [whole, ...splits, ...others];
}

const MAX_FORMS = 3;

/** A name without the ending of a case: `Москве` is `Москва`, `İstanbulda` is `İstanbul`. */
function otherForms(name: string): string[] {
  const stem = name.slice(0, -1);
  if (/[а-яё]е$/iu.test(name)) return [`${stem}а`, stem, `${stem}ь`].slice(0, MAX_FORMS);
  if (/[а-яё]и$/iu.test(name)) return [`${stem}ь`, `${stem}я`, `${stem}а`].slice(0, MAX_FORMS);
  if (/[а-яё]у$/iu.test(name)) return [`${stem}а`, stem];
  const turkish = /^(\p{L}{3,})(?:[dt][ae](?:ki)?)$/iu.exec(name);
  return turkish?.[1] === undefined ? [] : [turkish[1]];
}

/** The places that are in the state, province or country of a qualifier such as `Texas`, `IL`, `Frankreich`. */
export function within(places: readonly Place[], qualifier: string): Place[] {
  const wanted = qualifier.split(/\s*,\s*/).map(plain);
  return places.filter((place) => wanted.every((part) => isIn(place, part)));
}

/** Without points and accents: `U.S.A.` is `usa`. */
const plain = (text: string): string => fold(text).replaceAll(".", "").replace(/^the /, "").trim();

function isIn({ region, country, countryCode }: Place, part: string): boolean {
  if ([region, country, countryCode].some((name) => name !== undefined && plain(name) === part)) return true;
  if (countryCode === undefined) return false;
  if (ALIASES[part] === countryCode || namesOf(countryCode).has(part)) return true;
  return region !== undefined && STATES.value.get(`${countryCode} ${part}`) === plain(region);
}

const ALIASES: Readonly<Record<string, string>> = {
  usa: "US",
  us: "US",
  america: "US",
  "united states of america": "US",
  uk: "GB",
  britain: "GB",
  "great britain": "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  uae: "AE",
  holland: "NL",
  russia: "RU",
  korea: "KR",
  "south korea": "KR",
};

const LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ru", "zh", "ja", "ko", "hi", "ar"];
const COUNTRY_NAMES = lazy(() =>
  LANGUAGES.map((language) => new Intl.DisplayNames(language, { type: "region" })),
);

/** What a country is called in the languages of the users. */
function namesOf(countryCode: string): Set<string> {
  if (!/^[A-Z]{2}$/.test(countryCode)) return new Set();
  return new Set(COUNTRY_NAMES.value.map((names) => plain(names.of(countryCode) ?? "")));
}

const US_STATES =
  "AL alabama,AK alaska,AZ arizona,AR arkansas,CA california,CO colorado,CT connecticut,DE delaware,FL florida,GA georgia," +
  "HI hawaii,ID idaho,IL illinois,IN indiana,IA iowa,KS kansas,KY kentucky,LA louisiana,ME maine,MD maryland," +
  "MA massachusetts,MI michigan,MN minnesota,MS mississippi,MO missouri,MT montana,NE nebraska,NV nevada," +
  "NH new hampshire,NJ new jersey,NM new mexico,NY new york,NC north carolina,ND north dakota,OH ohio,OK oklahoma," +
  "OR oregon,PA pennsylvania,RI rhode island,SC south carolina,SD south dakota,TN tennessee,TX texas,UT utah,VT vermont," +
  "VA virginia,WA washington,WV west virginia,WI wisconsin,WY wyoming,DC district of columbia";
const CA_PROVINCES =
  "AB alberta,BC british columbia,MB manitoba,NB new brunswick,NL newfoundland and labrador,NS nova scotia,ON ontario," +
  "PE prince edward island,QC quebec,SK saskatchewan,YT yukon,NT northwest territories,NU nunavut";
const AU_STATES =
  "NSW new south wales,VIC victoria,QLD queensland,WA western australia,SA south australia,TAS tasmania," +
  "ACT australian capital territory,NT northern territory";

/** Abbreviations of states, with their country: `US il` is `illinois`. */
const STATES = lazy(
  () =>
    new Map(
      (
        [
          ["US", US_STATES],
          ["CA", CA_PROVINCES],
          ["AU", AU_STATES],
        ] as const
      ).flatMap(([country, states]) =>
        states.split(",").map((state): [string, string] => {
          const at = state.indexOf(" ");
          return [`${country} ${state.slice(0, at).toLowerCase()}`, state.slice(at + 1)];
        }),
      ),
    ),
);
