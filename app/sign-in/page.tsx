import type { Metadata } from "next";
import { AuthFrame } from "../_auth/auth-frame.tsx";
import { SignInPanel } from "../_auth/sign-in-panel.tsx";
import { authStrings } from "../_strings/auth.ts";

export const metadata: Metadata = { title: authStrings.signIn };

type PageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function SignInPage({ searchParams }: PageProps) {
  const { next, problem } = await searchParams;
  return (
    <AuthFrame title={authStrings.signIn}>
      <SignInPanel next={typeof next === "string" ? next : undefined} hasLinkProblem={problem === "link"} />
    </AuthFrame>
  );
}
