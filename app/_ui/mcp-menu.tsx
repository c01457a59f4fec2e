"use client";

import type { McpServerView } from "#lib/browser/mcp-servers.ts";
import { toolsStrings } from "../_strings/tools.ts";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

type McpMenuProps = {
  servers: readonly McpServerView[];
  /** Their ids. */
  chosen: readonly string[];
  choose: (ids: readonly string[]) => void;
};

/** Chooses the MCP servers whose tools a model may call; nothing where none is set up. */
export function McpMenu({ servers, chosen, choose }: McpMenuProps) {
  if (servers.length === 0) return null;
  const texts = toolsStrings.mcp;
  const names = servers.filter(({ id }) => chosen.includes(id)).map(({ name }) => name);
  return (
    <Menu
      label={texts.choose}
      trigger={
        <span className="flex items-center gap-1" title={texts.choose}>
          <Icon name="plug" size={16} className={names.length === 0 ? "" : "text-accent"} />
          <span className="sr-only">{names.length === 0 ? texts.none : texts.chosen(names.join(", "))}</span>
          {names.length === 0 ? null : (
            <span aria-hidden="true" className="text-xs font-medium text-accent tabular-nums">
              {names.length}
            </span>
          )}
        </span>
      }
      items={servers.map(({ id, name }) => {
        const isChosen = chosen.includes(id);
        return {
          label: name,
          checked: isChosen,
          isSwitch: true,
          onSelect: () => choose(isChosen ? chosen.filter((one) => one !== id) : [...chosen, id]),
        };
      })}
    />
  );
}
