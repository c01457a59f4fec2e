/** What a host (Next, the self-host server, a test) knows about a request beyond the request. */
export type HostContext = {
  /** Address of the socket's other end; undefined if the host does not know it. */
  remoteAddress?: string | undefined;
  /** True once the process is shutting down: no new requests should be sent here. */
  stopping?: boolean | undefined;
  /** The kind of the authenticated caller, for the host's access log. The route sets it. */
  callerKind?: string | undefined;
  /** Keeps the process alive for work behind the answer. */
  waitUntil: (work: Promise<void>) => void;
  /**
   * Calls back once the answer has been sent or the client has disconnected. Hosts that cannot tell omit it;
   * then the memory of the body is released when the route returns.
   */
  onEnd?: ((callback: () => void) => void) | undefined;
};
