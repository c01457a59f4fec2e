"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import { ownPath } from "#lib/browser/own-path.ts";
import { readCheckEmail } from "#lib/browser/session.ts";
import { authStrings } from "../_strings/auth.ts";
import { Button } from "../_ui/button.tsx";
import { TextField } from "../_ui/field.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";

type FormProps = { kind: "sign-in" | "sign-up"; next: string | undefined };

/** An address and a password, for an account that there is, or for a new one. */
export function CredentialsForm({ kind, next }: FormProps) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [hasMail, setHasMail] = useState(false);
  const { busy, error, run } = useAction();
  const isNew = kind === "sign-up";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run(async () => {
      const answer = await callApi(`/api/auth/${kind}`, { method: "POST", body: { email, password } });
      if (readCheckEmail(answer)) setHasMail(true);
      // A whole new page: everything that was loaded as somebody else is gone.
      else location.assign(ownPath(next));
    });
  };
  if (hasMail) {
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
        name="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <TextField
        type="password"
        label={authStrings.password}
        hint={isNew ? authStrings.passwordHint : undefined}
        name="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
      <Button type="submit" variant="primary" busy={busy} className="w-full">
        {isNew ? authStrings.signUp : authStrings.signIn}
      </Button>
    </form>
  );
}
