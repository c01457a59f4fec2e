"use client";

import { useEffect, useRef, useState } from "react";
import { Reading, type ReadingState } from "#lib/browser/speech/reading.ts";
import { speak } from "#lib/browser/speech/speech-api.ts";
import { languageOf } from "#lib/browser/speech/speech-language.ts";
import { spokenPieces } from "#lib/browser/speech/spoken-pieces.ts";
import { spokenText } from "#lib/browser/speech/spoken-text.ts";
import { mediaStrings } from "../_strings/media.ts";
import { audioLoudspeaker } from "./audio-loudspeaker.ts";

/** Reads a text aloud as long as it is on the page. `count`: how many pieces it has. */
export function useReading(text: string): {
  state: ReadingState;
  count: number;
  pause: () => void;
  resume: () => void;
} {
  const [state, setState] = useState<ReadingState>({ kind: "loading", piece: 0 });
  const [count, setCount] = useState(1);
  const reading = useRef<Reading>(undefined);
  useEffect(() => {
    const { pieces, language } = piecesOf(text);
    setCount(pieces.length);
    const current = new Reading({
      pieces,
      speak: (piece, signal) => speak(piece, language, { signal }),
      loudspeaker: audioLoudspeaker(() => current.pause()),
      changed: setState,
    });
    reading.current = current;
    void current.run();
    return () => current.stop();
  }, [text]);
  return {
    state,
    count,
    pause: () => reading.current?.pause(),
    resume: () => reading.current?.resume(),
  };
}

function piecesOf(text: string) {
  const language = languageOf(text, navigator.language);
  const said = spokenText(text, { code: mediaStrings.reading.code[language] });
  return { language, pieces: spokenPieces(said, language) };
}
