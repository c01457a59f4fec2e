/** Why the text is not a valid base URL; undefined if it is. Does not quote the text, which may hold a secret. */
export function baseUrlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return "it must be a URL that begins with https:// or http://";
  }
  if (url.username !== "" || url.password !== "") return "it must not hold a user name or a password";
  if (/[?#]/.test(text)) return "it must not have a query or a fragment";
  return undefined;
}

/** `host:port` of a base URL, without anything else that it may hold. */
export function hostAndPort(baseUrl: string): string {
  const { hostname, port, protocol } = new URL(baseUrl);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}
