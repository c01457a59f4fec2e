/** Next.js calls this once in each of its server processes, before the first request. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { registerTelemetry } = await import("#lib/server/host/next-instrumentation.ts");
  await registerTelemetry();
}
