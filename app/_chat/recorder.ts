import { recordedType } from "#lib/browser/speech/speech-api.ts";

/** Why nothing is recorded. */
export type RecorderFailure = "denied" | "missing" | "unsupported" | "broken";

export type RecorderState =
  /** The browser asks whether the page may listen. */
  | { kind: "asking" }
  | { kind: "recording"; elapsedMs: number }
  /** `wasCut`: it ended at the limit. */
  | { kind: "recorded"; sound: Blob; wasCut: boolean }
  | { kind: "failed"; reason: RecorderFailure };

export const MAX_RECORDING_MS = 300_000;
const TICK_MS = 250;
/** A voice is quiet beside the loudest sound that a microphone can tell. */
const LEVEL_FACTOR = 4;

export type RecorderEffects = {
  changed: (state: RecorderState) => void;
  /** How loud it is, from 0 to 1, at each frame. */
  heard: (level: number) => void;
};

/** Records what the microphone hears, until it is stopped or the signal aborts. */
export class Recorder {
  readonly #effects: RecorderEffects;
  readonly #signal: AbortSignal;
  #recorder: MediaRecorder | undefined;

  constructor(effects: RecorderEffects, signal: AbortSignal) {
    this.#effects = effects;
    this.#signal = signal;
  }

  async start(): Promise<void> {
    const { changed } = this.#effects;
    const type = recordingType();
    if (type === undefined) return changed({ kind: "failed", reason: "unsupported" });
    try {
      const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.#signal.addEventListener("abort", () => release(microphone));
      if (this.#signal.aborted) return release(microphone);
      this.#record(microphone, type);
    } catch (error) {
      if (!this.#signal.aborted) changed({ kind: "failed", reason: reasonOf(error) });
    }
  }

  /** Ends the recording; what was recorded follows. */
  stop(): void {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  #record(microphone: MediaStream, type: string): void {
    const { changed, heard } = this.#effects;
    const recorder = new MediaRecorder(microphone, { mimeType: type });
    const parts: Blob[] = [];
    const beganAt = performance.now();
    const elapsed = (): number => performance.now() - beganAt;
    const quiet = measureLevel(microphone, heard);
    const timer = setInterval(() => {
      if (elapsed() >= MAX_RECORDING_MS) this.stop();
      else changed({ kind: "recording", elapsedMs: elapsed() });
    }, TICK_MS);
    recorder.ondataavailable = ({ data }) => void parts.push(data);
    // Also when the microphone is unplugged: what was heard until then is kept.
    recorder.onstop = () => {
      clearInterval(timer);
      quiet();
      release(microphone);
      if (this.#signal.aborted) return;
      const sound = new Blob(parts, { type: recorder.mimeType });
      const wasCut = elapsed() >= MAX_RECORDING_MS;
      if (sound.size > 0) changed({ kind: "recorded", sound, wasCut });
      else changed({ kind: "failed", reason: "broken" });
    };
    this.#recorder = recorder;
    recorder.start();
    changed({ kind: "recording", elapsedMs: 0 });
  }
}

/** Undefined for a browser that cannot record, and on an address that is not secure. */
function recordingType(): string | undefined {
  if (typeof MediaRecorder === "undefined" || navigator.mediaDevices === undefined) return undefined;
  return recordedType((type) => MediaRecorder.isTypeSupported(type));
}

function reasonOf(error: unknown): RecorderFailure {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" ? "missing" : "broken";
}

function release(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop();
}

/** Tells the level at each frame until the returned function is called. */
function measureLevel(microphone: MediaStream, heard: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(microphone).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let frame = 0;
  const measure = (): void => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    heard(Math.min(1, Math.sqrt(power) * LEVEL_FACTOR));
    frame = requestAnimationFrame(measure);
  };
  measure();
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}
