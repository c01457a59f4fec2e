/** What a host (Next, the self-host server, a test) knows about a request beyond the request. */
export type HostContext = {
  /** Address of the socket's other end; undefined where the host does not tell. */
  remoteAddress?: string | undefined;
  /** True once the process is shutting down: nothing new should be sent here. */
  stopping?: boolean | undefined;
  /** What kind of caller the route has let in, for the host's access log. The route sets it. */
  callerKind?: string | undefined;
  /** Keeps the process alive for work behind the answer. */
  waitUntil: (work: Promise<void>) => void;
  /**
   * Calls back once the answer is out, or the client gone; hosts that cannot tell leave it out, and what
   * waits for it is done when the route returns.
   */
  onEnd?: ((callback: () => void) => void) | undefined;
};
