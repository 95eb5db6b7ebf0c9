import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AccessStore } from "../ports/store.ts";
import { hashSecret } from "./hash-secret.ts";
import type { SignIn } from "./sign-in.ts";

/** Who is asking. Every caller that is known may do everything an operator may. */
export interface Caller {
  /** Part of the dedupe key of messages: the same id of two callers is two messages. */
  readonly id: string;
  readonly name: string;
  readonly via: "token" | "session" | "nothing";
}

export const ANONYMOUS: Caller = { id: "anonymous", name: "anonymous", via: "nothing" };
const OPERATOR: Caller = { id: "operator", name: "operator", via: "token" };
const PAGE: Caller = { id: "page", name: "operator", via: "session" };

/** Finds out who is asking; null for nobody that we know. A header that is there counts, whatever the cookie says. */
export type Authenticate = (request: IncomingMessage) => Promise<Caller | null>;

export function createAuthenticate(parts: {
  readonly tokenHash: string;
  readonly store: Pick<AccessStore, "tokenByHash">;
  readonly signIn: SignIn;
}): Authenticate {
  const own = Buffer.from(parts.tokenHash, "hex");
  return async (request) => {
    const header = request.headers.authorization;
    if (header === undefined) {
      const cookie = readCookie(request.headers.cookie ?? "", parts.signIn.cookieName);
      return cookie !== undefined && parts.signIn.known(cookie) ? PAGE : null;
    }
    const token = /^bearer ([\x21-\x7e]{1,500})$/i.exec(header.trim())?.[1];
    if (token === undefined) return null;
    const hash = hashSecret(token);
    const given = Buffer.from(hash, "hex");
    if (given.length === own.length && timingSafeEqual(given, own)) return OPERATOR;
    // Looked up by hash: what the time of the look-up tells is of no use without the token.
    const row = await parts.store.tokenByHash(hash);
    return row === null ? null : { id: row.id, name: row.name, via: "token" };
  };
}

/** The value of one cookie; undefined when it isn't there. */
export function readCookie(header: string, name: string): string | undefined {
  for (const part of header.split(";")) {
    const [key = "", ...value] = part.split("=");
    if (key.trim() === name) return value.join("=").trim();
  }
  return undefined;
}
