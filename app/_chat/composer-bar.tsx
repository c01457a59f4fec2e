"use client";

import { useRef } from "react";
import { chatStrings } from "../_strings/chat.ts";
import { mediaStrings } from "../_strings/media.ts";
import { IconButton } from "../_ui/button.tsx";
import { count } from "../_ui/format.ts";
import { McpMenu } from "../_ui/mcp-menu.tsx";
import { useMcpServers } from "../_ui/use-mcp-servers.ts";
import type { ComposerProps } from "./composer-props.ts";
import type { DictationState } from "./use-dictation.ts";

const texts = chatStrings.composer;
const ACCEPTED = ".pdf,.docx,.xlsx,.png,.jpg,.jpeg,.webp,.gif";

type BarProps = ComposerProps & {
  canSend: boolean;
  attach: (files: Iterable<File>) => void;
  dictation: DictationState;
};

/** What stands below the field: files, the mode, what is left of the day, and the button. */
export function ComposerBar(props: BarProps) {
  const { isAsking, model, setModel, stop, quota, mcp, setMcp, canSend, attach, dictation } = props;
  const servers = useMcpServers();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className="flex items-center gap-1.5 p-2">
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        aria-label={texts.attach}
        onChange={({ target }) => {
          attach([...(target.files ?? [])]);
          // The same file can be chosen again.
          target.value = "";
        }}
      />
      <IconButton label={texts.attach} icon="upload" onClick={() => picker.current?.click()} />
      <select
        aria-label={texts.mode}
        value={model}
        onChange={(event) => setModel(event.target.value)}
        className="h-8 rounded-lg bg-panel px-2 text-sm pointer-coarse:h-10"
      >
        {chatStrings.modes.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <McpMenu servers={servers} chosen={mcp} choose={setMcp} />
      <QuotaLeft model={model} quota={quota} />
      <span className="grow" />
      <DictateButton dictation={dictation} />
      {isAsking ? (
        <IconButton key="stop" label={texts.stop} icon="stop" variant="secondary" onClick={stop} />
      ) : (
        <IconButton
          key="send"
          type="submit"
          label={texts.send}
          icon="send"
          variant="primary"
          disabled={!canSend}
        />
      )}
    </div>
  );
}

/** Where the gateway cannot write down speech, it says so and opens the reason. */
function DictateButton({ dictation: { isOpen, isOff, open } }: { dictation: DictationState }) {
  return (
    <IconButton
      label={isOff ? mediaStrings.dictation.offShort : mediaStrings.dictation.start}
      icon="microphone"
      aria-expanded={isOpen}
      className={isOff ? "opacity-50" : ""}
      onClick={open}
    />
  );
}

function QuotaLeft({ model, quota }: Pick<ComposerProps, "model" | "quota">) {
  // `auto` is unsure of most messages and then takes `smart`.
  const mode = model === "auto" ? "smart" : model;
  const left = quota.get(mode);
  if (left === undefined) return null;
  return (
    <span className="hidden truncate text-xs text-muted sm:inline">
      {chatStrings.quotaLeft(count(left.remaining), count(left.limit), mode)}
    </span>
  );
}
