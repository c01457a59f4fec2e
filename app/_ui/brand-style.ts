/** WCAG's smallest contrast of text. */
const MIN_CONTRAST = 4.5;
const [LIGHT_PAGE, DARK_PAGE] = ["#ffffff", "#101113"];
const [BLACK, WHITE] = ["#000000", "#ffffff"];

type Rgb = readonly [number, number, number];

function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function hexOf(rgb: Rgb): string {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

/** WCAG's relative luminance, 0 to 1. */
function luminance(color: string): number {
  const [r, g, b] = rgbOf(color).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

/** WCAG's contrast of two `#rrggbb` colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** The colour, mixed with black or white until text in it can be read on this page. */
function readableOn(page: string, color: string): string {
  const end = rgbOf(page === LIGHT_PAGE ? BLACK : WHITE);
  const start = rgbOf(color);
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = hexOf([
      mix(start[0], end[0], share),
      mix(start[1], end[1], share),
      mix(start[2], end[2], share),
    ]);
    if (contrast(mixed, page) >= MIN_CONTRAST) return mixed;
  }
  return hexOf(end);
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** What can be read on this colour. */
function textOn(color: string): string {
  return contrast(color, WHITE) >= contrast(color, BLACK) ? WHITE : BLACK;
}

/** The rule that puts an operator's `#rrggbb` in place of our accent, readable in both themes. */
export function brandStyle(color: string): string {
  const [light, dark] = [readableOn(LIGHT_PAGE, color), readableOn(DARK_PAGE, color)];
  return `:root{--brand:light-dark(${light},${dark});--on-brand:light-dark(${textOn(light)},${textOn(dark)})}`;
}
