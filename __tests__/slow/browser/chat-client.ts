import type { Locator } from "playwright-core";
import { chatStrings } from "../../../app/_strings/chat.ts";
import type { Visitor } from "./browser.ts";

export type ChatClient = {
  composer: Locator;
  /** The conversations at the side. */
  sidebar: Locator;
  /** A question with its answer, from 0. */
  turn(index: number): Locator;
  turns: Locator;
  /** The engines that were asked for one answer, as the page lists them. */
  steps(index: number): Locator;
  send(text: string): Promise<void>;
  /** Waits until the last answer has ended in this way. */
  ended(state?: "done" | "failed" | "stopped"): Promise<void>;
  choose(mode: string): Promise<void>;
  /** Lets go of files over the page, as a mouse does. */
  drop(file: TestFile): Promise<void>;
  paste(file: TestFile): Promise<void>;
};

export type TestFile = { name: string; type: string; bytes: Uint8Array };

/** The chat as a person uses it: by what the page says its parts are. */
export function chatOf({ page }: Visitor): ChatClient {
  const composer = page.getByRole("textbox", { name: chatStrings.composer.label });
  const conversation = page.getByRole("region", { name: chatStrings.conversation });
  const turns = conversation.getByRole("article");
  const transferOf = ({ name, type, bytes }: TestFile) =>
    page.evaluateHandle(
      ([base64, fileName, mediaType]) => {
        const transfer = new DataTransfer();
        const data = Uint8Array.from(atob(base64 ?? ""), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([data], fileName ?? "", { type: mediaType ?? "" }));
        return transfer;
      },
      [Buffer.from(bytes).toString("base64"), name, type],
    );
  return {
    composer,
    sidebar: page.getByRole("complementary", { name: chatStrings.sessions.title }),
    turns,
    turn: (index) => turns.nth(index),
    steps: (index) => turns.nth(index).getByRole("list", { name: chatStrings.steps }),
    async send(text) {
      await composer.fill(text);
      await page.getByRole("button", { name: chatStrings.composer.send, exact: true }).click();
    },
    ended: (state = "done") =>
      page.getByRole("status").getByText(chatStrings.states[state]).waitFor({ state: "attached" }),
    choose: async (mode) => void (await page.getByLabel(chatStrings.composer.mode).selectOption(mode)),
    async drop(file) {
      const dataTransfer = await transferOf(file);
      await page.dispatchEvent("body", "dragover", { dataTransfer });
      await page.dispatchEvent("body", "drop", { dataTransfer });
    },
    async paste(file) {
      const transfer = await transferOf(file);
      await composer.evaluate((field, clipboardData) => {
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, transfer);
    },
  };
}
