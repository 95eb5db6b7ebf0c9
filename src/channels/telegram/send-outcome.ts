import { SECOND } from "../../core/time.ts";
import type { SendOutcome } from "../../ports/channel.ts";
import { describeFault, type ApiFault } from "./api.ts";

/** How long answers wait at least when the platform refuses the token: then the channel isn't connected, either. */
const TOKEN_WAIT = 5 * SECOND;

/** What can be done about a refusal at once, within the same try. */
export type Remedy = "plain" | "no-quote" | "no-thread" | "document" | "migrate" | "none";

/** Finds the remedy by Telegram's own words: there are no finer codes than 400. */
export function remedyFor(fault: ApiFault): Remedy {
  if (fault.kind !== "answered" || fault.code !== 400) return "none";
  if (fault.migrateTo !== null) return "migrate";
  const says = fault.description.toLowerCase();
  if (says.includes("can't parse entities") || says.includes("unsupported start tag")) return "plain";
  if (/(replied|reply message|message to reply) .*not found|repl\w+_message_id/.test(says)) return "no-quote";
  if (/photo|image_process/.test(says)) return "document";
  return says.includes("message thread not found") ? "no-thread" : "none";
}

/** Nothing can be sent to this chat at all: blocked, gone, or the bot has no right to write there. */
const CHAT_CLOSED =
  /^403 |chat not found|user is deactivated|user not found|peer_id_invalid|group chat was deactivated|chat_write_forbidden|not enough rights to send text|have no rights to send a message/i;

/** An edit that changes nothing: the text is there. */
export function isUnchanged(fault: ApiFault): boolean {
  return (
    fault.kind === "answered" && fault.code === 400 && fault.description.includes("message is not modified")
  );
}

/** Sorts a fault into the classes that the outbox knows. `paced` says how far a refusal by pace reaches. */
export function outcomeOf(fault: ApiFault, paced: (after: number) => "chat" | "account"): SendOutcome {
  const detail = describeFault(fault);
  if (fault.kind === "unreached") return { kind: "not-sent", detail };
  if (fault.kind === "lost") return { kind: "in-doubt", detail };
  if (fault.retryAfter !== null) {
    return { kind: "wait", after: fault.retryAfter, scope: paced(fault.retryAfter) };
  }
  // 401 and 404 are about the token, not about the message: it waits until the token is mended.
  if (fault.code === 401 || fault.code === 404) return { kind: "wait", after: TOKEN_WAIT, scope: "account" };
  return CHAT_CLOSED.test(detail) ? { kind: "refused", detail, scope: "chat" } : { kind: "refused", detail };
}
