/** What dictating needs of the field to write in. */
export type DictationProps = {
  /** The gateway has said that it cannot write down speech. */
  isOff: boolean;
  /** Takes what was said. */
  insert: (text: string) => void;
  close: () => void;
  /** Called when the gateway says that it cannot write down speech. */
  setOff: () => void;
};

/** One recording. `again` begins another one. */
export type AttemptProps = DictationProps & { again: () => void };
