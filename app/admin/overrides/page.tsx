import type { Metadata } from "next";
import { adminStrings } from "../../_strings/admin.ts";
import { AdminFrame } from "../_parts/admin-frame.tsx";
import { Overrides } from "./overrides.tsx";

export const metadata: Metadata = { title: adminStrings.overrides };

export default function OverridesPage() {
  return (
    <AdminFrame title={adminStrings.overrides} lead={adminStrings.leads.overrides}>
      <Overrides />
    </AdminFrame>
  );
}
