import fc from "fast-check";

/** What every property starts from, so that two runs of the tests look at the same examples. */
const SEED = 20_261_122;

const { PROPERTY_SEED } = process.env;

// `PROPERTY_SEED=random npm test` looks at other examples, `PROPERTY_SEED=<number>` at those of a report.
if (PROPERTY_SEED !== "random")
  fc.configureGlobal({ seed: PROPERTY_SEED === undefined ? SEED : Number(PROPERTY_SEED) });

export { fc };
