import type { Metadata } from "next";
import { adminStrings } from "../../_strings/admin.ts";
import { AdminFrame } from "../_parts/admin-frame.tsx";
import { AllKeys } from "./all-keys.tsx";

export const metadata: Metadata = { title: adminStrings.keys };

export default function AdminKeysPage() {
  return (
    <AdminFrame title={adminStrings.keys} lead={adminStrings.leads.keys}>
      <AllKeys />
    </AdminFrame>
  );
}
