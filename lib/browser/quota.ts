import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** What a user may still ask today, by mode. */
export type QuotaView = ReadonlyMap<string, { remaining: number; limit: number }>;

/** The caller's own part of an answer of `GET /api/v1/quota`. */
export function readQuota(answer: unknown): QuotaView {
  return new Map(
    arrayField(field(answer, "user"), "modes").flatMap((entry) => {
      const mode = stringField(entry, "mode");
      const [remaining, limit] = [field(entry, "remaining"), field(entry, "limit")];
      return mode !== undefined && typeof remaining === "number" && typeof limit === "number"
        ? [[mode, { remaining, limit }] as const]
        : [];
    }),
  );
}
