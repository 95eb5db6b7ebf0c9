/** A `Host` header, taken apart. */
export interface HostName {
  /** Lower case; an IPv6 address in its brackets. */
  readonly name: string;
  readonly port: number | null;
}

/** What the gateway may be called. */
export interface HostRules {
  /** The address that it listens on. */
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  /** Names, each with or without a port; without one any port is meant. */
  readonly allowedHosts: readonly string[];
}

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const WILDCARD = ["0.0.0.0", "[::]"];

/** Reads a `Host` header; undefined when it is none. User names, paths and spaces have no place in one. */
export function parseHost(header: string): HostName | undefined {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?)(?::([1-9]\d{0,4}))?$/.exec(
    header.toLowerCase(),
  );
  if (match?.[1] === undefined) return undefined;
  const port = match[2] === undefined ? null : Number(match[2]);
  return port !== null && port > 65_535 ? undefined : { name: match[1], port };
}

/** An address as it stands in a URL: IPv6 in brackets. */
export function bracketed(host: string): string {
  const lower = host.toLowerCase();
  return lower.includes(":") && !lower.startsWith("[") ? `[${lower}]` : lower;
}

/**
 * Whether a request for this host is for us. A page of another site can make a browser send requests to an address
 * of ours under the site's own name (DNS rebinding), so only names that we know are answered. Names are compared as
 * text: other spellings of an address (decimal, mapped IPv6) are nobody's.
 *
 * @param localAddress the address that the connection came in on, which is ours too when all addresses are listened on
 */
export function hostAllowed(rules: HostRules, header: string, localAddress: string): boolean {
  const host = parseHost(header);
  if (host === undefined) return false;
  const own = bracketed(rules.host);
  const names = ownNames(own, localAddress);
  if (names.includes(host.name) && (host.port ?? 80) === rules.port) return true;
  return isPublic(rules.publicUrl, host) || rules.allowedHosts.some((allowed) => matches(allowed, host));
}

function ownNames(own: string, localAddress: string): readonly string[] {
  if (WILDCARD.includes(own)) return [...LOOPBACK, bracketed(localAddress)];
  return LOOPBACK.includes(own) || own.startsWith("127.") ? [...LOOPBACK, own] : [own];
}

function isPublic(publicUrl: string | undefined, host: HostName): boolean {
  if (publicUrl === undefined || !URL.canParse(publicUrl)) return false;
  const url = new URL(publicUrl);
  const usual = url.protocol === "https:" ? 443 : 80;
  return host.name === url.hostname && (host.port ?? usual) === (url.port === "" ? usual : Number(url.port));
}

function matches(allowed: string, host: HostName): boolean {
  const rule = parseHost(bracketedRule(allowed));
  return rule !== undefined && rule.name === host.name && (rule.port === null || rule.port === host.port);
}

/** Rules are written by people: an IPv6 address may stand there without its brackets. */
function bracketedRule(rule: string): string {
  return rule.split(":").length > 2 ? bracketed(rule) : rule;
}
