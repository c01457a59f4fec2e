import type { Metadata } from "next";
import { adminStrings } from "../../_strings/admin.ts";
import { AdminFrame } from "../_parts/admin-frame.tsx";
import { Providers } from "./providers.tsx";

export const metadata: Metadata = { title: adminStrings.providers };

export default function ProvidersPage() {
  return (
    <AdminFrame title={adminStrings.providers} lead={adminStrings.leads.providers}>
      <Providers />
    </AdminFrame>
  );
}
