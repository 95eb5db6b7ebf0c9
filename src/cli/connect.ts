import { RollcallError } from "../core/errors.ts";
import { locateState, stateHome } from "../gateway/command-parts.ts";
import { createClient, type Client } from "./client.ts";
import type { Invocation } from "./invocation.ts";
import { findPresence, type Found } from "./presence.ts";

/** Where a command works: on a gateway that runs, or on the state of one that doesn't. */
export type Place =
  | {
      readonly kind: "gateway";
      readonly client: Client;
      readonly stateDir: string | null;
      readonly pid: number | null;
    }
  | { readonly kind: "state"; readonly stateDir: string; readonly found: Found };

/**
 * Finds the gateway: the one that `--url` names, or the one that runs on the state directory. Says which on standard
 * error when it isn't plain.
 *
 * @throws RollcallError `usage`, `unauthorized`
 */
export function findGateway(invocation: Invocation): Place {
  const { terminal } = invocation;
  const stateDir = stateDirOf(invocation);
  const found = findPresence(stateDir);
  const url = invocation.text("url");
  if (url !== undefined) {
    const client = createClient(checkUrl(url), tokenFor(invocation, url, found));
    terminal.err(`rollcall: talking to ${client.url}\n`);
    return { kind: "gateway", client, stateDir: null, pid: null };
  }
  if (found.kind !== "running") return { kind: "state", stateDir, found };
  const { presence } = found;
  if (isOneOfSeveral(invocation, stateDir))
    terminal.err(`rollcall: talking to ${presence.url} (state ${stateDir})\n`);
  const client = createClient(presence.url, invocation.text("token") ?? presence.token);
  return { kind: "gateway", client, stateDir, pid: presence.pid };
}

/** @throws RollcallError `gateway-unreachable`, `usage`, `unauthorized` */
export function needGateway(invocation: Invocation): Place & { readonly kind: "gateway" } {
  const place = findGateway(invocation);
  if (place.kind === "gateway") return place;
  throw new RollcallError("gateway-unreachable", { detail: describe(place) });
}

/** Why there is none, for an error. */
export function describe({ stateDir, found }: Place & { readonly kind: "state" }): string {
  if (found.kind === "stale") return `the one of ${stateDir} (pid ${found.pid}) is gone`;
  return found.kind === "none" ? found.why : stateDir;
}

/** The state directory that the command line or the surroundings name. */
export function stateDirOf(invocation: Invocation): string {
  const { env, cwd } = invocation.terminal;
  return locateState({ flag: invocation.text("state"), env, cwd });
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === "" &&
    url.search === "" &&
    url.hash === "";
  if (!plain)
    throw new RollcallError("usage", { detail: "--url takes an address such as http://127.0.0.1:18790" });
  return url.href;
}

/** The token of the state directory goes to its own gateway alone. */
function tokenFor(invocation: Invocation, url: string, found: Found): string {
  const given = invocation.text("token") ?? invocation.terminal.env["ROLLCALL_TOKEN"];
  if (given !== undefined && given !== "") return given;
  if (found.kind === "running" && URL.parse(found.presence.url)?.origin === URL.parse(url)?.origin)
    return found.presence.token;
  throw new RollcallError("unauthorized", {
    detail: "--url needs a token",
    fix: "Name one with --token or ROLLCALL_TOKEN.",
  });
}

/** Whether the choice among several running gateways was made by the order of places alone. */
function isOneOfSeveral(invocation: Invocation, stateDir: string): boolean {
  if (invocation.text("state") !== undefined) return false;
  const home = stateHome(invocation.terminal.env);
  return home !== stateDir && findPresence(home).kind === "running";
}
