"use client";

import type { ReactNode } from "react";
import { commonStrings } from "../_strings/common.ts";
import { LinkButton } from "./button.tsx";
import { signInPath } from "./sign-in-path.ts";
import { EmptyState, ErrorState, Loading } from "./states.tsx";
import { useSession } from "./use-session.tsx";

/** Its children, once somebody is signed in; before that, the way to sign in. */
export function SignedIn({ children }: { children: ReactNode }) {
  const session = useSession();
  switch (session.kind) {
    case "loading":
      return <Loading />;
    case "failed":
      return (
        <ErrorState
          text={session.error.message}
          requestId={session.error.requestId}
          retry={session.refresh}
        />
      );
    case "signed-out":
      return (
        <EmptyState
          icon="lock"
          title={commonStrings.signInTitle}
          text={commonStrings.signInText}
          action={
            <LinkButton variant="primary" href={signInPath()}>
              {commonStrings.signIn}
            </LinkButton>
          }
        />
      );
    case "signed-in":
      return children;
  }
}
