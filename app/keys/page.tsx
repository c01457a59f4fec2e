import type { Metadata } from "next";
import { publicEnv } from "#lib/public-env.ts";
import { keysStrings } from "../_strings/keys.ts";
import { Keys } from "./keys.tsx";

export const metadata: Metadata = { title: keysStrings.title };

export default function KeysPage() {
  return <Keys appUrl={publicEnv.appUrl} />;
}
