import type { Metadata } from "next";
import { adminStrings } from "../_strings/admin.ts";
import { AdminFrame } from "./_parts/admin-frame.tsx";
import { Overview } from "./overview.tsx";

export const metadata: Metadata = { title: adminStrings.title };

export default function AdminPage() {
  return (
    <AdminFrame title={adminStrings.title} lead={adminStrings.leads.overview}>
      <Overview />
    </AdminFrame>
  );
}
