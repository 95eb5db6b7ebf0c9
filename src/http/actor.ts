import type { Actor } from "../ports/operate.ts";
import type { Caller } from "./auth.ts";

/** Who asked for a step of a message, as its history names them. Pure. */
export function actorOf(caller: Caller): Actor {
  if (caller.via === "session") return { name: "the page" };
  return { name: caller.id === "operator" ? "the gateway's own token" : `token ${caller.name}` };
}
