"use client";

import Link from "next/link";
import { callApi } from "#lib/browser/api.ts";
import { ownPath } from "#lib/browser/own-path.ts";
import { authStrings } from "../_strings/auth.ts";
import { Button } from "../_ui/button.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";
import { useSession } from "../_ui/use-session.tsx";
import { CredentialsForm } from "./credentials-form.tsx";

const LINK = "text-accent underline underline-offset-4";

type PanelProps = { next: string | undefined; hasLinkProblem: boolean };

export function SignInPanel({ next, hasLinkProblem }: PanelProps) {
  const session = useSession();
  const isOpen = session.kind === "signed-out" && session.signUp;
  return (
    <>
      {hasLinkProblem ? <Alert tone="warn">{authStrings.linkProblem}</Alert> : null}
      {session.kind === "failed" ? <Alert tone="bad">{session.error.message}</Alert> : null}
      {session.kind === "signed-out" && session.demo ? <DemoButton next={next} /> : null}
      <CredentialsForm kind="sign-in" next={next} />
      <p className="text-sm">
        <Link prefetch={false} href="/reset-password" className={LINK}>
          {authStrings.forgot}
        </Link>
      </p>
      {isOpen ? (
        <p className="text-sm text-muted">
          {authStrings.noAccount}{" "}
          <Link prefetch={false} href={withNext("/sign-up", next)} className={LINK}>
            {authStrings.signUp}
          </Link>
        </p>
      ) : null}
    </>
  );
}

export function SignUpPanel({ next }: { next: string | undefined }) {
  const session = useSession();
  const isClosed = session.kind === "signed-out" && !session.signUp;
  return (
    <>
      {isClosed ? (
        <Alert tone="warn">{authStrings.signUpClosed}</Alert>
      ) : (
        <CredentialsForm kind="sign-up" next={next} />
      )}
      <p className="text-sm text-muted">
        {authStrings.haveAccount}{" "}
        <Link prefetch={false} href={withNext("/sign-in", next)} className={LINK}>
          {authStrings.signIn}
        </Link>
      </p>
    </>
  );
}

function withNext(path: string, next: string | undefined): string {
  return next === undefined ? path : `${path}?next=${encodeURIComponent(next)}`;
}

function DemoButton({ next }: { next: string | undefined }) {
  const { busy, error, run } = useAction();
  const signIn = (): void =>
    run(async () => {
      await callApi("/api/auth/demo", { method: "POST" });
      location.assign(ownPath(next));
    });
  return (
    <div className="space-y-2 rounded-xl bg-panel p-4">
      <Button busy={busy} icon="bolt" onClick={signIn} className="w-full">
        {authStrings.demo}
      </Button>
      <p className="text-center text-xs text-muted">{authStrings.demoHint}</p>
      {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
    </div>
  );
}
