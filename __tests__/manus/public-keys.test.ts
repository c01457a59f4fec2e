import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { PublicKeys } from "#lib/services/manus/public-keys.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("while Manus gives no key, it is not asked at every forged webhook", async () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const clock = new FakeClock();
  let asked = 0;
  let isDown = true;
  const api = {
    publicKey: async () => {
      asked += 1;
      if (isDown) throw new Error("Manus is down.");
      return publicKey.export({ type: "spki", format: "pem" }).toString();
    },
  };
  const keys = new PublicKeys(api, clock);
  for (let sent = 0; sent < 20; sent++) {
    await expect(keys.verify(() => true)).rejects.toThrow("Manus is down.");
  }
  expect(asked).toBe(1);
  isDown = false;
  clock.advance(5_000);
  expect([await keys.verify(() => true), asked]).toEqual([true, 2]);
});
