import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { RollcallError } from "../core/errors.ts";

/** Who asks, and under which name we were asked for. */
export interface Origin {
  /** The client's address: what a trusted proxy says, else the connection's. */
  readonly client: string;
  /** The connection's own other end. */
  readonly peer: string;
  readonly host: string;
  readonly scheme: "http" | "https";
}

/** An address without the dress that dual-stack sockets give it. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
}

export function isLoopback(address: string): boolean {
  return address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

/** The same for a list that a reload may replace: read anew only when it is another one. */
export function liveTrust(proxies: () => readonly string[]): (address: string) => boolean {
  let list = proxies();
  let trusted = createTrust(list);
  return (address) => {
    if (list !== proxies()) {
      list = proxies();
      trusted = createTrust(list);
    }
    return trusted(address);
  };
}

/**
 * Reads `gateway.trustedProxies`: addresses and networks (`10.0.0.0/8`).
 *
 * @throws RollcallError `config-invalid`
 */
export function createTrust(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const [index, proxy] of proxies.entries()) {
    const [address = "", prefix, ...rest] = proxy.split("/");
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const sound = bits === undefined || (/^\d+$/.test(prefix ?? "") && bits <= (family === 4 ? 32 : 128));
    if (family === 0 || rest.length > 0 || !sound) {
      throw new RollcallError("config-invalid", {
        at: `gateway.trustedProxies.${index}`,
        detail: `${JSON.stringify(proxy)} is neither an address nor a network`,
      });
    }
    const type = family === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, type);
    else list.addSubnet(address, bits, type);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** Where a request comes from. `X-Forwarded-*` counts only when a trusted proxy sent it; its last entry is its own. */
export function originOf(request: IncomingMessage, trusted: (address: string) => boolean): Origin {
  const peer = plainAddress(request.socket.remoteAddress);
  const hosts = request.headersDistinct["host"] ?? [];
  const host = hosts.length === 1 ? (hosts[0] ?? "") : "";
  if (!trusted(peer)) return { client: peer, peer, host, scheme: "http" };
  const forwarded = plainAddress(last(request, "x-forwarded-for"));
  return {
    client: isIP(forwarded) === 0 ? peer : forwarded,
    peer,
    host: last(request, "x-forwarded-host") ?? host,
    scheme: last(request, "x-forwarded-proto") === "https" ? "https" : "http",
  };
}

function last(request: IncomingMessage, name: string): string | undefined {
  return request.headersDistinct[name]?.at(-1)?.split(",").at(-1)?.trim();
}
