import type { ReactNode } from "react";
import { ErrorState, Skeleton } from "./states.tsx";
import type { Loaded } from "./use-loaded.ts";

type LoadedProps<Value> = {
  state: Loaded<Value>;
  retry: () => void;
  /** How many grey lines stand for what is loading. */
  lines?: number;
  children: (value: Value) => ReactNode;
};

/** An answer of the API: while it is loading, when it failed, and when it is there. */
export function LoadedView<Value>({ state, retry, lines = 6, children }: LoadedProps<Value>) {
  switch (state.kind) {
    case "loading":
      return <Skeleton lines={lines} />;
    case "failed":
      return <ErrorState text={state.error.message} requestId={state.error.requestId} retry={retry} />;
    case "ready":
      return children(state.value);
  }
}
