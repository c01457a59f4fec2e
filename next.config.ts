import type { NextConfig } from "next";

/** `proxy.ts` adds the content security policy, whose nonce is new for each page. */
const securityHeaders = [
  { key: "x-content-type-options", value: "nosniff" },
  { key: "referrer-policy", value: "strict-origin-when-cross-origin" },
  { key: "x-frame-options", value: "DENY" },
  // Our own pages listen when somebody dictates a message.
  { key: "permissions-policy", value: "camera=(), microphone=(self), geolocation=()" },
];

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  // The pages have no pictures to resize, and a resizer is a way to make the server fetch and work.
  images: { unoptimized: true },
  // Next.js would ask its makers for newer versions when it builds and in development.
  experimental: { agentUpgrade: false },
  // The docs are read as files by their pages.
  outputFileTracingIncludes: {
    "/docs/**": ["./docs/**/*.md", "./docs/images/*.png"],
    // Read by a thread, where nothing can trace them. Of the optional fonts the bold ones would be too large.
    "/api/v1/export/pdf": ["./assets/fonts/*.ttf", "./node_modules/@embedpdf/fonts-*/fonts/*-Regular.otf"],
  },
  // Loaded from node_modules when used: bundling them would load them at start.
  serverExternalPackages: [
    "undici",
    "@aws-sdk/client-s3",
    "@aws-sdk/s3-request-presigner",
    "@pydantic/genai-prices",
    "@supabase/ssr",
    "yaml",
    "pdfkit",
    "fontkit",
    "@opentelemetry/api",
    "@opentelemetry/exporter-prometheus",
    "@opentelemetry/otlp-transformer",
    "@opentelemetry/resources",
    "@opentelemetry/sdk-metrics",
    "@opentelemetry/sdk-trace",
  ],
  async headers() {
    return [{ source: "/:path*", headers: securityHeaders }];
  },
  async rewrites() {
    // Clients whose base URL lacks /api read JSON; see lib/server/routes/misplaced-api.ts.
    const starts = [
      "v1",
      "audio/speech",
      "audio/transcriptions",
      "chat/completions",
      "embeddings",
      "images/generations",
      "images/edits",
      "messages",
      "responses",
    ];
    const paths = starts.flatMap((start) => [start, `${start}/.*`]).join("|");
    return [{ source: `/:path(${paths})`, destination: "/api/not-here/:path" }];
  },
};

export default config;
