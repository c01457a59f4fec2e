/** The names of the fields that have a value: a request names what an engine cannot take. */
export function givenFields(fields: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}
