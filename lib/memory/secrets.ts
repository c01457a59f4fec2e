import { withoutAccents } from "#lib/memory/fold.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { hasKeyShape } from "#lib/shared/redact.ts";

/** What is never kept, as a user reads it. */
export type Secret =
  | "a key or token"
  | "a private key"
  | "a password"
  | "a seed phrase"
  | "a card number"
  | "an IBAN"
  | "an identity number";

/** Keys whose prefix says what they are, beside those of providers of models. */
const MORE_KEYS =
  /(?<![\w-])(?:AKIA|ASIA)[0-9A-Z]{12,}|(?<![\w-])(?:ghp|gho|ghu|ghs|ghr|glpat|hf|npm|dop|shpat|xox[abprs]|pypi|sk_live|sk_test|rk_live|pk_live|whsec|SG|ya29|figd|lin_api|sbp|vcp|nvapi|pplx|r8|AIza|sk-ant|sk-proj|secret|ntn|fw|glsa|sntrys|pscale_tkn|GOCSPX|HRKU|NRAK|PMAK)[-_.][\w.-]{8,}|(?<![\w-])(?:hvs|dp\.\w{2,4}(?:\.\w{1,30})?)\.\w{20,}|(?<!\w)pat\w{14}\.[0-9a-f]{32}|(?<!\w)[Aa]uthorization: ?Basic [A-Za-z0-9+/]{8,}={0,2}(?!\w)|(?<![\w/+.-])(?=[^\s\d]{0,40}\d)(?=[^\sa-z]{0,40}[a-z])(?=[^\sA-Z]{0,40}[A-Z])[A-Za-z0-9/+]{40}(?![\w/+.-])/;
/** The user name and password of an address; a query with a token. */
const URL_CREDENTIALS =
  /:\/\/[^\s/@:]{1,200}:[^\s/@]{1,200}@|[?&](?:token|key|api_?key|access_token|sig|password|secret)=[^\s&]{6}|hooks\.slack\.com\/\S{10}|discord(?:app)?\.com\/api\/webhooks\/\S{10}/i;
const PRIVATE_KEY =
  /-----\s?BEGIN [A-Z ]{0,40}(?:KEY|CERTIFICATE)|\bPuTTY-User-Key-File|\bssh-(?:rsa|ed25519) AAAA/;
/** Words for what nobody but its owner may know, with a value behind them. */
const NAMED_SECRET = new RegExp(
  `(?<![\\p{L}])(?:${[
    "pass ?-?(?:word|code|phrase|wd)s?(?! (?:polic|manager|reset|generator|rules))|pwd|pw|pin(?: ?-? ?(?:code|number))?(?! (?:collection|board|badge))|(?:wi-?fi|wlan|network|wpa2?) key|(?:door|gate|alarm|unlock|lock|entry|garage|access|one[ -]time|verification|backup|sim|puk)[ -]codes?|codes? (?:for|of|to) (?:my|our|the) (?:door|gate|alarm|phone|house|flat|safe|garage|locker|bike|card|sim)|combination (?:of|to|for) (?:my|our|the)|(?:seed|wallet|recovery|mnemonic|secret) words|cvv2?|cvc2?|security code|secret (?:key|code|word|question)|api[ _-]?(?:key|secret|token)s?|access[ _-]?(?:key|token)|auth(?:entication|orization)?[ _-]?(?:key|token|code)|bearer|private[ _-]?key|client[ _-]?secret|seed phrase|recovery (?:phrase|code|key)s?|mnemonic|2fa code|otp|license key|credentials?|logins?(?: data| details)?",
    "passwort|kennwort|geheimzahl|zugangsdaten|geheimwort|mot de passe|code secret|code pin|contrasena|(?:mi|la) clave|clave secreta|mdp|turcode|zahlenkombination|palabra clave|senha|palavra-passe|parola d'ordine|codice segreto|wachtwoord|pincode|losenord|adgangskode|passord|salasana|haslo|hasło|sifre(?:m|si)?|parolam|kata sandi|mat khau|heslo|jelszo|parol",
    "мой пароль(?= \\p{L})|парол[ьяею]|пин-?код|пароля|κωδικ\\p{L}{1,3} προσβασης|סיסמ[הת]|כלמת אלסר",
  ].join(
    "|",
  )})(?![\\p{L}])|كلمة (?:السر|المرور)|رمز عبور|पासवर्ड|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호`,
  "iu",
);
/** A word that can be a secret: digits or signs within, or letters of both cases in an odd order. */
const SECRET_VALUE = /(?=\S{4,})(?:\S*\p{L}\S*\d|\S*\d\S*\p{L}|\S*[!@#$%^&*_=+~]|\S*\p{Ll}\p{Lu})|\d{3,}/u;
/** What joins a word to its value: "is", a colon, an equals sign. */
const SAYS_VALUE =
  /(?:[:=：]|^ \p{Script=Cyrillic}|(?<![\p{L}])(?:is|are|was|ist|lautet|est|es|e|sera|ar|er|on|to|jest|is:|это|olarak|ni|adalah|la)(?![\p{L}])|是|为|為|は|이|는|है|هو|هي|-\s)\s*["'“«]?\S|\s\S+ है/iu;
/** Characters between such a word and its value. */
const MAX_BETWEEN = 40;
/** Numbers that states give to people, by their words or their shapes. */
const IDENTITY_WORDS =
  /(?<![\p{L}])(?:ssn|social security|national insurance|nino|passports?|nhs (?:number|no)|medicare|curp|cedula|emirates id|driving licence|tax (?:id|number)|tin|driver'?s licen[cs]e(?: number)?|id card|identity (?:card|number)|aadhaar|pan (?:card|number)|cpf|dni|nif|codice fiscale|bsn|personnummer|fodselsnummer|steuer-?id\w{0,30}|steuernummer|sozialversicherungs\w{0,10}|personalausweis\w{0,10}|reisepass\w{0,10}|pesel|инн|снилс|паспорт\p{L}{0,3}|numero de securite sociale|account (?:number|no)|routing number|sort code|kontonummer|bank ?account)(?![\p{L}])|身份证|身分證|护照|護照|マイナンバー|주민등록번호|여권/iu;
const IDENTITY_SHAPES =
  /(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\w)|(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\d)|(?<![\d+] ?)[2-9]\d{3} \d{4} \d{4}(?! ?\d)|(?<!\d)(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?!\d)|(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)|(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)|(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)/;
const IBAN = /(?<![A-Z0-9])[A-Z][ .-]?[A-Z][ .-]?\d[ .-]?\d(?:[ .-]{0,2}[A-Z0-9]){11,30}(?![A-Z0-9])/gi;
const CARD_LENGTHS = [13, 14, 15, 16, 17, 18, 19] as const;
/** Characters of an IBAN, by country. */
const IBAN_LENGTHS = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 " +
    "FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 " +
    "LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 " +
    "SM27 ST25 SV28 TN24 TR26 UA29 VA22 VG24 XK20"
  )
    .split(" ")
    .map((row) => [row.slice(0, 2), Number(row.slice(2))]),
);
const DIGIT_RUNS = /(?<!\d)\d(?:[\s.,_/·–—-]{0,3}\d){11,22}(?!\d)/g;
/** A word of letters and digits of at least this length is a token, unless it is an id that says nothing. */
const TOKEN = /(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}(?![\w])/;
/** "claude-opus-4-5-20251101", "my-project-2024-v2". */
const WORDS_AND_NUMBERS = /^(?:[a-z]{1,15}|v?\d{1,8})(?:[-_](?:[a-z]{1,15}|v?\d{1,8})){2,}$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const SEED_WORDS = 12;
const NOT_OF_SEED =
  /^(?:the|and|for|with|are|was|not|but|from|has|his|her|our|its|were|been|which|\w{4,}ing|\w{3,}(?:[^s]s|ed))$/;
/** Arabic, Persian and Devanagari ones. */
const OTHER_DIGITS = /[٠-٩۰-۹०-९]/g;

/** The secret that a text contains, if any. Errs on the side of finding one: a fact can be written without it. */
export function secretIn(given: string): Secret | undefined {
  const text = stripInvisible(given)
    .normalize("NFKC")
    .replace(OTHER_DIGITS, (digit) => String((digit.charCodeAt(0) - 6 * +(digit >= "०")) & 15));
  if (PRIVATE_KEY.test(text)) return "a private key";
  if (hasKeyShape(text) || MORE_KEYS.test(text) || URL_CREDENTIALS.test(text)) return "a key or token";
  if (hasIban(text)) return "an IBAN";
  if (hasCardNumber(text)) return "a card number";
  if (IDENTITY_SHAPES.test(text) || namesIdentityNumber(text)) return "an identity number";
  if (tellsNamedSecret(text)) return "a password";
  if (hasSeedPhrase(text)) return "a seed phrase";
  const token = TOKEN.exec(text)?.[0];
  return token !== undefined && !UUID.test(token) && !WORDS_AND_NUMBERS.test(token)
    ? "a key or token"
    : undefined;
}

/** "My password is hunter2": the word, and behind it a value or what could be one. */
function tellsNamedSecret(text: string): boolean {
  const plain = withoutAccents(text);
  const named = NAMED_SECRET.exec(plain);
  if (named === null) return false;
  const end = named.index + named[0].length;
  if (SAYS_VALUE.test(plain.slice(end, end + MAX_BETWEEN))) return true;
  const words = plain.replace(named[0], " ").split(/\s+/);
  return words.some((word) => SECRET_VALUE.test(word));
}

/** Twelve short words or more in a row, of those that wallets use: not such as join the words of a sentence. */
function hasSeedPhrase(text: string): boolean {
  let row = 0;
  for (const word of text.split(/[\s,;:]+(?:\d{1,2}[.)][ ]?)?/)) {
    row = /^[a-z]{3,8}$/.test(word) && !NOT_OF_SEED.test(word) ? row + 1 : 0;
    if (row === SEED_WORDS) return true;
  }
  return false;
}

function namesIdentityNumber(text: string): boolean {
  const plain = withoutAccents(text);
  if (!IDENTITY_WORDS.test(plain)) return false;
  return (plain.match(/\d/g)?.length ?? 0) >= 5;
}

function hasCardNumber(text: string): boolean {
  return (text.match(DIGIT_RUNS) ?? []).some((run) => {
    const groups = run.split(/\D+/);
    // A longer run may have a card number within it, with its date and code behind.
    return groups.some((_, first) => {
      const digits = groups.slice(first).join("");
      return (
        /^(?:4|5|6|3[04-9]|2[2-7])/.test(digits) && CARD_LENGTHS.some((length) => passesLuhn(digits, length))
      );
    });
  });
}

function passesLuhn(given: string, length: number): boolean {
  if (given.length < length) return false;
  const digits = given.slice(0, length);
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function hasIban(text: string): boolean {
  return (text.match(IBAN) ?? []).some((found) => {
    // Words may follow without a sign between.
    const signs = found.replace(/[ .-]/g, "").toUpperCase();
    const iban = signs.slice(0, IBAN_LENGTHS.get(signs.slice(0, 2)) ?? 0);
    return iban.length > 4 && remainder97(`${iban.slice(4)}${iban.slice(0, 4)}`) === 1;
  });
}

/** Of a text whose letters stand for 10 to 35. */
function remainder97(text: string): number {
  let rest = 0;
  for (const sign of text) {
    const value = Number.parseInt(sign, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest;
}
