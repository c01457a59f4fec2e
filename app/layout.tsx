import type { Metadata } from "next";
import type { ReactNode } from "react";
import { publicEnv } from "#lib/public-env.ts";
import "./globals.css";

export const metadata: Metadata = {
  title: `${publicEnv.appName}: LLM gateway`,
  description: "One endpoint in front of ten LLM providers, with automatic failover.",
  icons: { icon: "/favicon.svg" },
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
