import type { Ref } from "react";
import type { QuotaView } from "#lib/browser/quota.ts";
import type { AttachedFile } from "#lib/browser/turns.ts";
import type { WriteDraft } from "../_ui/draft.tsx";

/** What the field to write in needs of the page around it. */
export type ComposerProps = {
  isAsking: boolean;
  isDisabled: boolean;
  model: string;
  setModel: (model: string) => void;
  send: (text: string, files: readonly AttachedFile[]) => void;
  stop: () => void;
  quota: QuotaView;
  /** The ids of the MCP servers whose tools the model may call. */
  mcp: readonly string[];
  setMcp: (ids: readonly string[]) => void;
  /** Is given the function that adds words to the message. */
  writeRef: Ref<WriteDraft>;
};
