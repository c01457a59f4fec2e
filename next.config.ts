import type { NextConfig } from "next";

const isDevelopment = process.env["NODE_ENV"] === "development";

/** Next.js writes inline scripts; development also evaluates code. Everything else is our own origin's. */
const contentSecurityPolicy = [
  "default-src 'self'",
  `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ""}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const securityHeaders = [
  { key: "content-security-policy", value: contentSecurityPolicy },
  { key: "x-content-type-options", value: "nosniff" },
  { key: "referrer-policy", value: "strict-origin-when-cross-origin" },
  { key: "x-frame-options", value: "DENY" },
  { key: "permissions-policy", value: "camera=(), microphone=(), geolocation=()" },
];

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // The pages have no pictures to resize, and a resizer is a way to make the server fetch and work.
  images: { unoptimized: true },
  // Next.js would ask its makers for newer versions when it builds and in development.
  experimental: { agentUpgrade: false },
  // Loaded from node_modules when used: bundling them would load them at start.
  serverExternalPackages: [
    "undici",
    "@pydantic/genai-prices",
    "@supabase/ssr",
    "yaml",
    "@opentelemetry/api",
    "@opentelemetry/exporter-prometheus",
    "@opentelemetry/otlp-transformer",
    "@opentelemetry/resources",
    "@opentelemetry/sdk-metrics",
    "@opentelemetry/sdk-trace",
  ],
  async headers() {
    return [
      { source: "/:path*", headers: securityHeaders },
      // What the page says depends on the deployment: a CDN must not keep it.
      { source: "/", headers: [{ key: "cache-control", value: "no-cache" }] },
    ];
  },
  async rewrites() {
    // Clients whose base URL lacks /api read JSON; see lib/server/routes/misplaced-api.ts.
    const starts = ["v1", "chat/completions", "embeddings", "messages", "responses"];
    const paths = starts.flatMap((start) => [start, `${start}/.*`]).join("|");
    return [{ source: `/:path(${paths})`, destination: "/api/not-here/:path" }];
  },
};

export default config;
