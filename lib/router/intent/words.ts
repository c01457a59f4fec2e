import type { ModeId } from "#lib/ai-models.ts";
import { featuresOf } from "#lib/router/intent/features.ts";
import { LABELS, type Model, model, scoresOf, softmax } from "#lib/router/intent/weights.ts";

/** What the words of a message say about its mode. */
export type WordsVerdict = {
  mode: ModeId;
  /** The probability of the mode, 0 to 1. */
  confidence: number;
  /** Enough for a message that stands alone. */
  isSure: boolean;
  /** Enough to leave the mode of a session. */
  isDecisive: boolean;
};

/** Judges a message by its words: multinomial logistic regression over what `featuresOf` finds. */
export function judgeWords(message: string, by: Model = model.value): WordsVerdict {
  const probabilities = scoresOf(featuresOf(message), by);
  softmax(probabilities, by.temperature);
  let mode: ModeId = "smart";
  let confidence = 0;
  LABELS.forEach((label, index) => {
    const probability = probabilities[index] ?? 0;
    if (label !== "kept" && probability > confidence) {
      mode = label;
      confidence = probability;
    }
  });
  return { mode, confidence, isSure: confidence >= by.sure, isDecisive: confidence >= by.decisive };
}
