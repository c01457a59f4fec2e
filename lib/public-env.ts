/**
 * The variables that pages may know. Next.js inlines `NEXT_PUBLIC_*` where they are named in full, so
 * they are, here and nowhere else.
 */
export const publicEnv = {
  appName: process.env.NEXT_PUBLIC_APP_NAME || "SarmaLink-AI",
  appUrl: process.env.NEXT_PUBLIC_APP_URL || undefined,
} as const;
