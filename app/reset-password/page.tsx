import type { Metadata } from "next";
import { AuthFrame } from "../_auth/auth-frame.tsx";
import { ResetPanel } from "../_auth/reset-panel.tsx";
import { authStrings } from "../_strings/auth.ts";

export const metadata: Metadata = { title: authStrings.resetTitle };

export default function ResetPasswordPage() {
  return (
    <AuthFrame title={authStrings.resetTitle} lead={authStrings.resetLead}>
      <ResetPanel />
    </AuthFrame>
  );
}
