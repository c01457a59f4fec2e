/** What must arrive of a file of `__tests__/fixtures/documents`. */
export type ExpectedFile = {
  file: string;
  /** Parts of the labels and texts of all sections, in this order. */
  inOrder: readonly string[];
  /** What people do not see in the file, or what must not be made of it. */
  absent?: readonly string[];
  notes?: readonly string[];
};
