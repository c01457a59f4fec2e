import type { AttachedFile } from "#lib/browser/conversation.ts";
import type { QuotaView } from "#lib/browser/quota.ts";

/** What the field to write in needs of the page around it. */
export type ComposerProps = {
  isAsking: boolean;
  isDisabled: boolean;
  model: string;
  setModel: (model: string) => void;
  send: (text: string, files: readonly AttachedFile[]) => void;
  stop: () => void;
  quota: QuotaView;
};
