/** The word for the mode if a client names engines instead of one, in the ledger and in a key's limits. */
export const NAMED_MODE = "named";
