/** Words around what a model or a document says. */
export const markdownStrings = {
  code: "Code",
  taskDone: "Done",
  taskOpen: "Not done",
  unloadedImage: (host: string): string => `picture not loaded from ${host}`,
  image: "Picture",
  leadsTo: (host: string): string => `leads to ${host}`,
  joint: "Another engine went on from here",
  table: "Table",
  linkToHeading: "Link to this section",
} as const;
