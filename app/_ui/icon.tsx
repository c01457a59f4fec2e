import { classes } from "./classes.ts";

/** Strokes on a field of 24 by 24. */
const PATHS = {
  send: "M12 19V5m-6 6 6-6 6 6",
  stop: "M7 7h10v10H7z",
  plus: "M12 5v14M5 12h14",
  close: "m6 6 12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "m5 12.5 4.5 4.5L19 7.5",
  trash: "M4 7h16M9 7V4h6v3m-8.5 0 1 13h9l1-13M10 11v5m4-5v5",
  pencil: "M4 20h4L19.5 8.5l-4-4L4 16zM13.5 6.5l4 4",
  refresh: "M20 11a8 8 0 1 0-2 6M20 4v7h-7",
  retry: "M4 11a8 8 0 1 1 2 6M4 4v7h7",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm5-2 4 4",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4",
  moon: "M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5z",
  monitor: "M4 5h16v11H4zM9 20h6m-3-4v4",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-7 8c.6-3.6 3.4-5.5 7-5.5s6.400 1.900 7 5.500",
  key: "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm4-4h9v4m-4-4v3",
  chart: "M4 20V4m0 16h16M8 16v-4m4 4V8m4 8v-6",
  book: "M5 19V5a2 2 0 0 1 2-2h12v14H7a2 2 0 0 0 0 4h12",
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  plug: "M9 3v5m6-5v5M6 8h12v3a6 6 0 0 1-12 0zm6 9v4",
  memory: "M7 7h10v10H7zM10 3v4m4-4v4m-4 10v4m4-4v4M3 10h4m-4 4h4m10-4h4m-4 4h4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  image: "M4 5h16v14H4zM8.500 11a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM4 17l5-4 3 2 4-4 4 4",
  warning: "M12 4 2.800 20h18.400zM12 10v4m0 3h.01",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-10v5m0-8h.01",
  "chevron-down": "m6 9 6 6 6-6",
  "chevron-right": "m9 6 6 6-6 6",
  external: "M14 4h6v6m0-6-9 9M18 14v6H4V6h6",
  upload: "M12 16V4m-5 5 5-5 5 5M4 16v4h16v-4",
  logout: "M10 4H4v16h6m4-4 4-4-4-4m4 4H9",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-14v5l3.500 2",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  shield: "M12 3 5 6v5c0 4.500 2.800 8 7 10 4.200-2 7-5.500 7-10V6z",
  "arrow-down": "M12 5v14m-6-6 6 6 6-6",
  sidebar: "M4 5h16v14H4zM9 5v14",
  microphone: "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3zm-7-3a7 7 0 0 0 14 0m-7 7v2.500",
  speaker: "M4 9v6h4l5 4V5L8 9zm12.500-.5a5 5 0 0 1 0 7m2.500-9.500a8.500 8.500 0 0 1 0 12",
  play: "M8 5v14l11-7z",
  pause: "M9 5v14m6-14v14",
  download: "M12 4v12m-5-5 5 5 5-5M4 16v4h16v-4",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside words; screen readers skip it. `size` in pixels. */
export function Icon({ name, size = 18, className }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      focusable="false"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      className={classes("shrink-0", className)}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
