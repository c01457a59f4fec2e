/** What a host (Next, the self-host server, a test) knows about a request beyond the request. */
export type HostContext = {
  /** Address of the socket's other end; undefined where the host does not tell. */
  remoteAddress?: string | undefined;
  /** Keeps the process alive for work behind the answer. */
  waitUntil: (work: Promise<void>) => void;
};
