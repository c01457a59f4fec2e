import type {
  LoggedRequest,
  RequestPage,
  RequestRecord,
} from "#lib/apis/native/admin-requests-answer-schema.ts";

/** Which requests to show; absent fields do not limit. */
export type RequestFilter = {
  status?: LoggedRequest["status"] | undefined;
  mode?: string | undefined;
  provider?: string | undefined;
  /** Of `provider`. */
  model?: string | undefined;
  userId?: string | undefined;
  keyId?: string | undefined;
  /** The path of the route that was called. */
  route?: string | undefined;
  /** ISO 8601: begun at or after this. */
  from?: string | undefined;
  /** ISO 8601: begun before this. */
  to?: string | undefined;
  /** USD, both inclusive. Requests whose cost is unknown match neither. */
  minCostUsd?: number | undefined;
  maxCostUsd?: number | undefined;
  /** Only requests whose cost is unknown. */
  unknownCost?: boolean | undefined;
};

/**
 * The log of all requests. Both throw `database_unavailable`, and `not_configured` without a service role or the
 * migrations.
 */
export type RequestLogStore = {
  /** Throws `invalid_request` for a cursor that is none. */
  list(filter: RequestFilter, page: { limit: number; cursor: string | undefined }): Promise<RequestPage>;
  find(id: string): Promise<RequestRecord | undefined>;
};
