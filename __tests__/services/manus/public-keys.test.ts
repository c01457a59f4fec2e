import { sign, verify } from "node:crypto";
import { expect, test } from "vitest";
import { PublicKeys } from "#lib/services/manus/public-keys.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { aKeyPair } from "../../support/manus-upstream.ts";

const TEXT = Buffer.from("signed");

test("the key is kept for an hour, replaced when another one signs, and better than none when there is no answer", async () => {
  const clock = new FakeClock();
  let pair = aKeyPair();
  let answers = true;
  let calls = 0;
  const keys = new PublicKeys(
    {
      async publicKey() {
        calls++;
        if (!answers) throw new GatewayError("plugin_failed", "No answer.");
        return pair.publicKey.export({ type: "spki", format: "pem" }).toString();
      },
    },
    clock,
  );
  const fits = (): Promise<boolean> => {
    const signature = sign("RSA-SHA256", TEXT, pair.privateKey);
    return keys.verify((key) => verify("RSA-SHA256", TEXT, key, signature));
  };

  expect(await Promise.all([fits(), fits(), fits()])).toEqual([true, true, true]);
  expect(calls).toBe(1);
  await clock.advance(3_500_000);
  expect([await fits(), calls]).toEqual([true, 1]);
  await clock.advance(200_000);
  expect([await fits(), calls]).toEqual([true, 2]);

  // Another key: not within a minute, since anybody can send what does not fit.
  pair = aKeyPair();
  expect([await fits(), await fits(), calls]).toEqual([false, false, 2]);
  await clock.advance(60_000);
  expect([await fits(), calls]).toEqual([true, 3]);

  answers = false;
  await clock.advance(4_000_000);
  expect([await fits(), calls]).toEqual([true, 4]);
});

test("while there is no key, one call in two seconds asks for it", async () => {
  const clock = new FakeClock();
  let calls = 0;
  const keys = new PublicKeys(
    {
      async publicKey() {
        calls++;
        throw new GatewayError("plugin_failed", "No answer.");
      },
    },
    clock,
  );
  for (let sent = 0; sent < 3; sent++) await expect(keys.verify(() => true)).rejects.toThrow("No answer.");
  expect(calls).toBe(1);
  clock.advance(2_000);
  await expect(keys.verify(() => true)).rejects.toThrow("No answer.");
  expect(calls).toBe(2);
});
