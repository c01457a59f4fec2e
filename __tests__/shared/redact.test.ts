import { describe, expect, test } from "vitest";
import { publicReason, redact } from "#lib/shared/redact.ts";
import { SurrogateJoiner, truncate } from "#lib/shared/text.ts";
import { expectLinear } from "../support/linear.ts";

describe("keys do not get out", () => {
  test.each([
    ["OpenAI", "sk-proj-abcdefghijklmnop"],
    ["Anthropic", "sk-ant-api03-abcdefghijkl"],
    ["OpenRouter", "sk-or-v1-0123456789abcdef"],
    ["Groq", "gsk_abcdefghijklmnop"],
    ["Cerebras", "csk-abcdefghijklmnop"],
    ["xAI", "xai-abcdefghijklmnop"],
    ["Tavily", "tvly-dev-abcdefghijkl"],
    ["Google", "AIzaSyA0123456789abcdefghijklmnopqrstu"],
    ["Google's newer", "AQ.Ab8RN6abcdefghijklmnop"],
    ["GitHub", "ghp_abcdefghijklmnop0123"],
    ["GitHub's newer", "github_pat_11ABCDEFG0123456789"],
    ["Supabase", "sb_secret_abcdefghijkl"],
    ["a JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi"],
    ["a JSON web token cut short", "eyJhbGciOiJIUzI1NiJ9"],
    ["a header", "Bearer abcdef"],
  ])("%s", (_name, key) => {
    for (const text of [key, `Incorrect key: ${key}.`, `{"key":"${key}"}`, `key=${key}&x`]) {
      expect(redact(text)).not.toContain(key.slice(7));
      expect(redact(text)).toContain("[redacted]");
    }
  });

  test("a key that has no shape, when it is named", () => {
    expect(redact("Key 0123456789abcdef is wrong; 0123456789abcdef!", ["0123456789abcdef"])).toBe(
      "Key [redacted] is wrong; [redacted]!",
    );
    expect(redact("abc", ["abc", ""]), "too short to be told from words").toBe("abc");
  });

  test("addresses, with what they may carry", () => {
    expect(redact("see https://a.example/?key=1 and postgres://u:p@h/db")).toBe("see [url] and [url]");
  });

  test.each([
    "The model `gpt-4o` does not exist.",
    "task-something-long is not a tool",
    "Use max_completion_tokens: 5",
  ])("plain words stay: %s", (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe("a public reason", () => {
  test("is one line", () => {
    expect(publicReason(" a\r\nb\u0000c\u2028d\u001b[31m ")).toBe("a b c d [31m");
  });

  test("is at most 500 characters, cut between characters", () => {
    expect(publicReason("x".repeat(499))).toHaveLength(499);
    expect(publicReason("x".repeat(5_000))).toHaveLength(500);
    expect(publicReason(`${"x".repeat(498)}😀😀`).isWellFormed()).toBe(true);
  });

  test("never holds half a secret, wherever the text is cut", () => {
    const secret = "plain-secret-0123456789";
    // A long address shrinks to a word: what follows it moves into what is shown.
    for (let length = 9_900; length < 10_100; length++) {
      const text = `https://a.example/${"x".repeat(length)} ${secret} more`;
      expect(publicReason(text, [secret]), `${length}`).not.toMatch(/plain|secret|0123/);
    }
  });
});

test.each<[string, (size: number) => string]>([
  ["beginnings of web tokens", (size) => "-eyJ".repeat(size / 4)],
  ["long beginnings of web tokens", (size) => "-eyJabcdefghijkl".repeat(size / 16)],
  ["web tokens with dots", (size) => "eyJabcdefghijkl.".repeat(size / 16)],
  ["keys", (size) => "sk-".repeat(size / 3)],
  ["Bearer and white space", (size) => "Bearer \n".repeat(size / 8)],
  ["schemes", (size) => "a+b-c.d:".repeat(size / 8)],
  ["letters", (size) => "a".repeat(size)],
  ["control characters", (size) => "\u0000".repeat(size)],
])("100 KB of %s are redacted in linear time", (_name, make) => {
  expectLinear(100_000, (size) => {
    const text = make(size);
    return () => {
      redact(text);
      publicReason(text);
    };
  });
});

describe("text", () => {
  test("a surrogate pair is joined wherever it is cut", () => {
    const text = "a😀b👩‍🚀c";
    for (let place = 0; place <= text.length; place++) {
      const joiner = new SurrogateJoiner();
      expect(
        joiner.push(text.slice(0, place)) + joiner.push("") + joiner.push(text.slice(place)) + joiner.flush(),
      ).toBe(text);
    }
  });

  test.each([
    ["a\ud83d", "a\ufffd"],
    ["\ude00a", "\ufffda"],
    ["\ud83d\ud83d", "\ufffd\ufffd"],
  ])("half a pair (%j) is U+FFFD", (text, expected) => {
    const joiner = new SurrogateJoiner();
    expect([...text.split("")].map((unit) => joiner.push(unit)).join("") + joiner.flush()).toBe(expected);
  });

  test("cutting leaves whole characters", () => {
    expect(truncate("abc", 3)).toBe("abc");
    expect(truncate("abcd", 3)).toBe("ab…");
    expect(truncate("a😀bc", 3)).toBe("a…");
  });
});
