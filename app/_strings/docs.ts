/** Words of /docs. */
export const docsStrings = {
  title: "Docs",
  lead: "Everything that the gateway does, and why it does it so.",
  navigation: "Pages of the docs",
  contents: "On this page",
  search: "Search the docs",
  searchButton: "Search",
  results: (count: number, query: string): string =>
    `${count} ${count === 1 ? "section" : "sections"} for “${query}”`,
  noResults: (query: string): string => `Nothing in the docs has all the words of “${query}”.`,
  allPages: "All pages",
  groups: {
    start: "Begin",
    use: "Use it",
    routing: "How it answers",
    operate: "Run it",
    understand: "Understand it",
    decisions: "Decisions",
    more: "More",
  },
} as const;
