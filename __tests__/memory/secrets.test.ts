import { describe, expect, test } from "vitest";
import { type Secret, secretIn } from "#lib/memory/secrets.ts";
import { expectLinear } from "../support/linear.ts";

/** Made up, and put together here so that no scanner takes this file for a leak. */
const R = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6";
const SECRETS: readonly (readonly [Secret, readonly string[]])[] = [
  [
    "a key or token",
    [
      `My key is sk-${R}`,
      `sk-proj-${R}`,
      `sk-ant-api03-${R}`,
      `gsk_${R}`,
      `Uses AIza${R}abc`,
      `AKIA${"ABCDEFGH23456789"}`,
      `ghp_${R}`,
      `github_pat_${R}`,
      `glpat-${R}`,
      `hf_${R}`,
      `xoxb-123456789012-${R}`,
      `npm_${R}`,
      `sk_live_${R}`,
      `whsec_${R}`,
      `SG.${R}.${R}`,
      `sk-sarmalink-${R}`,
      `tvly-${R}`,
      `sb_secret_${R}`,
      `Bearer ${R}`,
      `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${R}`,
      "https://ada:hunter22@example.com/",
      "postgres://user:pass@db.example.com:5432/x",
      "Link https://example.com/?token=abcdef123",
      `My thing is ${R}`,
      "deadbeefdeadbeefdeadbeefdeadbeef00",
    ],
  ],
  [
    "a private key",
    [
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN RSA PRIVATE KEY----- MIIE",
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      "ssh-ed25519 AAAAC3Nz",
    ],
  ],
  [
    "a password",
    [
      "My password is hunter2",
      "password: correct horse battery staple",
      "Password = tr0ub4dor",
      "The wifi password is fluffy",
      "pin 4711",
      "My PIN is 1234",
      "PIN code: 0000",
      "passphrase is open sesame",
      "My passcode's 998877, passcode is 998877",
      "cvv 123",
      "Mein Passwort ist geheim",
      "Mein Passwort lautet: geheim1",
      "Mon mot de passe est azerty",
      "Mi contraseña es secreto",
      "Minha senha é segredo",
      "Mijn wachtwoord is geheim",
      "Mitt lösenord är hemligt",
      "Mitt passord er hemmelig",
      "Moje hasło to tajne",
      "Мой пароль: секрет",
      "мой пароль это qwerty",
      "我的密码是abc",
      "パスワードは秘密です",
      "제 비밀번호는 비밀",
      "كلمة المرور هي سر",
      "मेरा पासवर्ड राम है",
      "Security code is 998",
      "seed phrase: apple banana cherry",
      "API key: abc",
      "Login: ada / lovelace",
    ],
  ],
  [
    "a card number",
    [
      "4111111111111111",
      "4111 1111 1111 1111",
      "4111-1111-1111-1111",
      "Visa 4012 8888 8888 1881, thanks",
      "5555 5555 5555 4444",
      "3782 822463 10005",
      "6011 1111 1111 1117",
      "4111.1111.1111.1111",
      "４１１１ １１１１ １１１１ １１１１",
      "Card 12 4111 1111 1111 1111",
      "4111 1111 1111 1111 12/29 123",
    ],
  ],
  [
    "an IBAN",
    [
      "DE89 3704 0044 0532 0130 00",
      "DE89370400440532013000",
      "GB29 NWBK 6016 1331 9268 19",
      "gb29nwbk60161331926819",
      "NO93 8601 1117 947",
      "FR14-2004-1010-0505-0001-3M02-606",
      "IBAN is NL91ABNA0417164300.",
    ],
  ],
  [
    "an identity number",
    [
      "SSN 123-45-6789",
      "123-45-6789",
      "My social security number is 123456789",
      "NINO QQ 12 34 56 C? AB 12 34 56 C",
      "CPF 123.456.789-09",
      "Passport number X1234567",
      "Personnummer 19900101-1234",
      "Mein Reisepass: C01X00T47",
      "RSSMRA85T10A562S",
      "Steuer-ID 12345678901",
      "身份证 110101199003078888",
      "Sort code 12-34-56",
    ],
  ],
];

const HARMLESS = [
  "Lives in Bergen",
  "Name is Ada Lovelace",
  "Born on 1990-05-03",
  "Phone +47 22 33 44 55",
  "Phone 0047 2233 4455",
  "E-mail ada@example.com",
  "Website https://ada.example.com/about?page=2",
  "Works with 12 people since 2019",
  "Earns 45,000 EUR a year",
  "Order 1234567890",
  "Postal code 5003",
  "Has 3 kids: 4, 7 and 12 years old",
  "Uses TypeScript 5.9 and Node 24.1.0",
  "GitHub repository SarmaLink-AI/gateway",
  "Session 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  "Likes the number 3.14159265358979",
  "Is building a password manager",
  "Uses a password manager",
  "Collects enamel pins",
  "Prefers the keys of C and G",
  "Is a card-carrying librarian",
  "Token-ring networks are a hobby",
  "Reads secret-agent novels",
  "Flight DY123 on 12 May",
  "Weighs 80 kg and is 180 cm tall",
  "Lieblingswort ist Donaudampfschifffahrtsgesellschaft",
  "La mia parola preferita è ciao",
  "Works at antidisestablishmentarianism-weekly",
  "住在北京",
  "Mag Pinguine",
];

describe("what is never kept", () => {
  for (const [secret, texts] of SECRETS) {
    test.each(texts)(`${secret}: %s`, (text) => {
      expect(secretIn(text)).toBe(secret);
    });
  }

  test.each(HARMLESS)("kept: %s", (text) => {
    expect(secretIn(text)).toBeUndefined();
  });

  test.each([" ", "4 ", "1", "A1", "pass ", "password ", "sk-", "eyJ.", "DE89 ", "a:b@", "-----BEGIN ", "é"])(
    "is linear in %j",
    (piece) => {
      expectLinear(12_500, (size) => {
        const text = piece.repeat(Math.ceil(size / piece.length));
        return () => void secretIn(text);
      });
    },
  );
});
