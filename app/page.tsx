import { publicEnv } from "#lib/public-env.ts";
import { CurlExample } from "./curl-example.tsx";
import { GatewayStatus } from "./gateway-status.tsx";

const ORIGIN = publicEnv.appUrl ?? "http://localhost:3000";

export default function Home() {
  return (
    <main>
      <h1>{publicEnv.appName}</h1>
      <p className="muted">One endpoint in front of ten LLM providers. When one fails, the next answers.</p>
      <GatewayStatus />

      <h2>Ask it something</h2>
      <p>
        On a local run the key is in <code>.data/dev-key</code>; it was also printed at start.
      </p>
      <CurlExample message="Hello! Who are you?" fallbackOrigin={ORIGIN} />

      <h2>Watch failover happen</h2>
      <p>
        The sandbox engine fails on command: <code>/fail 429</code>, <code>/fail 500</code>,{" "}
        <code>/fail silence</code>, or <code>/fail&nbsp;cut</code> in the middle of its answer.
      </p>
      <CurlExample message="/fail cut and tell me who you are" fallbackOrigin={ORIGIN} />

      <h2>Read on</h2>
      <ul>
        <li>
          <code>docs/HOW-IT-WORKS.md</code>: the stream protocol
        </li>
        <li>
          <code>docs/ARCHITECTURE.md</code>: how the code is laid out
        </li>
        <li>
          <code>docs/ENV-MATRIX.md</code>: every environment variable
        </li>
      </ul>
    </main>
  );
}
