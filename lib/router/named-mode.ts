/** The mode of requests that name engines, in the ledger and in a key's limits. */
export const NAMED_MODE = "named";
