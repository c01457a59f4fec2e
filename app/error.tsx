"use client";

import { commonStrings } from "./_strings/common.ts";
import { ErrorState } from "./_ui/states.tsx";

/** What a visitor sees when a page breaks. The server logs the cause. */
export default function PageError({ reset }: { reset: () => void }) {
  return (
    <main id="content">
      <ErrorState title={commonStrings.crashTitle} text={commonStrings.crashText} retry={reset} />
    </main>
  );
}
