"use client";

import { useEffect, useState } from "react";
import { commonStrings } from "../_strings/common.ts";
import { Menu } from "./menu.tsx";

const THEMES = ["light", "dark", "system"] as const;
type Theme = (typeof THEMES)[number];

const ICONS = { light: "sun", dark: "moon", system: "monitor" } as const;
/** `public/theme.js` reads it before the first paint. */
const STORAGE_KEY = "theme";

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORAGE_KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

/** Light, dark, or whatever the system says. */
export function ThemeMenu() {
  const [theme, setTheme] = useState<Theme>("system");
  useEffect(() => setTheme(storedTheme()), []);
  const choose = (chosen: Theme): void => {
    setTheme(chosen);
    if (chosen === "system") {
      localStorage.removeItem(STORAGE_KEY);
      delete document.documentElement.dataset["theme"];
    } else {
      localStorage.setItem(STORAGE_KEY, chosen);
      document.documentElement.dataset["theme"] = chosen;
    }
  };
  return (
    <Menu
      label={commonStrings.theme}
      icon={ICONS[theme]}
      items={THEMES.map((name) => ({
        label: commonStrings.themes[name],
        icon: ICONS[name],
        checked: name === theme,
        onSelect: () => choose(name),
      }))}
    />
  );
}
