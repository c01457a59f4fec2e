import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { publicEnv } from "#lib/public-env.ts";
import { commonStrings } from "./_strings/common.ts";
import { BrandProvider } from "./_ui/brand.tsx";
import { brandStyle } from "./_ui/brand-style.ts";
import { StorageProvider } from "./_ui/storage.tsx";
import { SessionProvider } from "./_ui/use-session.tsx";
import "./globals.css";

export function generateMetadata(): Metadata {
  const { appName } = publicEnv;
  return {
    title: { default: appName, template: `%s · ${appName}` },
    description: commonStrings.tagline,
    icons: { icon: publicEnv.logoPath ?? "/favicon.svg" },
    applicationName: appName,
  };
}

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#101113" },
  ],
};

/** Rendered for each request: the content security policy needs a nonce of its own each time. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  const { accentColor, appName, companyName, logoPath, storagePrefixes } = publicEnv;
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <script src="/theme.js" nonce={nonce} />
        {accentColor === undefined ? null : <style nonce={nonce}>{brandStyle(accentColor)}</style>}
      </head>
      <body className="min-h-dvh bg-page font-sans text-text antialiased">
        <BrandProvider brand={{ appName, companyName, logoPath }}>
          <StorageProvider prefixes={storagePrefixes}>
            <SessionProvider>{children}</SessionProvider>
          </StorageProvider>
        </BrandProvider>
      </body>
    </html>
  );
}
