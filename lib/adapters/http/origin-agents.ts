import { Agent } from "undici";

/** The connections to each origin by themselves, so that those to one origin can be closed. */
export class OriginAgents {
  readonly #options: Agent.Options;
  readonly #agents = new Map<string, Agent>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: Agent.Options) {
    this.#options = options;
  }

  of(origin: string): Agent {
    let agent = this.#agents.get(origin);
    if (agent === undefined) {
      agent = new Agent(this.#options);
      this.#agents.set(origin, agent);
    }
    return agent;
  }

  /** Idle connections are closed now, those in use once their answers have ended. */
  disconnect(origin: string): void {
    const agent = this.#agents.get(origin);
    if (agent === undefined) return;
    this.#agents.delete(origin);
    const closed = agent.close();
    this.#closing.add(closed);
    void closed.finally(() => this.#closing.delete(closed));
  }

  /** Closes all connections and waits for those in use. */
  async close(): Promise<void> {
    for (const origin of this.#agents.keys()) this.disconnect(origin);
    await Promise.all(this.#closing);
  }
}
