"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import { authStrings } from "../_strings/auth.ts";
import { Button, LinkButton } from "../_ui/button.tsx";
import { TextField } from "../_ui/field.tsx";
import { Loading } from "../_ui/states.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";
import { useSession } from "../_ui/use-session.tsx";

/** Asks for a link; or, for whoever has followed it and so is signed in, for the new password. */
export function ResetPanel() {
  const session = useSession();
  if (session.kind === "loading") return <Loading />;
  return session.kind === "signed-in" ? <NewPassword /> : <AskForLink />;
}

function AskForLink() {
  const [email, setEmail] = useState("");
  const [isSent, setIsSent] = useState(false);
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await callApi("/api/auth/reset", { method: "POST", body: { email } });
      setIsSent(true);
    });
  };
  if (isSent) {
    return (
      <Alert tone="good" title={authStrings.checkEmailTitle}>
        {authStrings.checkEmail}
      </Alert>
    );
  }
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        type="email"
        label={authStrings.email}
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
      <Button type="submit" variant="primary" busy={busy} className="w-full">
        {authStrings.sendLink}
      </Button>
    </form>
  );
}

function NewPassword() {
  const [password, setPassword] = useState("");
  const [isSet, setIsSet] = useState(false);
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      await callApi("/api/auth/password", { method: "POST", body: { password } });
      setIsSet(true);
    });
  };
  if (isSet) {
    return (
      <>
        <Alert tone="good">{authStrings.passwordSet}</Alert>
        <LinkButton href="/" variant="primary">
          {authStrings.goOn}
        </LinkButton>
      </>
    );
  }
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField
        type="password"
        label={authStrings.newPassword}
        hint={authStrings.passwordHint}
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
      <Button type="submit" variant="primary" busy={busy} className="w-full">
        {authStrings.setPassword}
      </Button>
    </form>
  );
}
