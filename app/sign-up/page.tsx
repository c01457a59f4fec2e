import type { Metadata } from "next";
import { AuthFrame } from "../_auth/auth-frame.tsx";
import { SignUpPanel } from "../_auth/sign-in-panel.tsx";
import { authStrings } from "../_strings/auth.ts";

export const metadata: Metadata = { title: authStrings.signUp };

type PageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function SignUpPage({ searchParams }: PageProps) {
  const { next } = await searchParams;
  return (
    <AuthFrame title={authStrings.signUp}>
      <SignUpPanel next={typeof next === "string" ? next : undefined} />
    </AuthFrame>
  );
}
