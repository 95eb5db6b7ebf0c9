import { messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Turn } from "../core/turn.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness, Transcript } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import { markerOf } from "./envelope.ts";

/** How long one look into a harness's record may take; what is late is as good as unreadable. */
const RECALL_DEADLINE: Duration = 5 * SECOND;

/** Why nothing is known of a turn. Then it is taken to have begun: the careful side. */
export type Unknown = "harness-undeclared" | "no-record" | "no-session" | "unreadable";

/** What a harness's own record tells of a turn that was prompted. */
export type Recalled = Transcript | { readonly kind: "unknown"; readonly why: Unknown };

/** Asks the record of the harness that had the turn. Never throws; bounded by {@link RECALL_DEADLINE}. */
export async function recall(
  deps: { readonly clock: Clock; readonly log: Log },
  turn: Pick<Turn, "id" | "nativeSession">,
  harness: Harness | undefined,
  workspace: string,
): Promise<Recalled> {
  if (harness === undefined) return { kind: "unknown", why: "harness-undeclared" };
  if (harness.transcript === undefined) return { kind: "unknown", why: "no-record" };
  if (turn.nativeSession === null) return { kind: "unknown", why: "no-session" };
  const over = new AbortController();
  try {
    const asked = harness.transcript(turn.nativeSession, workspace, markerOf(turn.id));
    const late = deps.clock.sleep(RECALL_DEADLINE, over.signal).then(() => undefined);
    const told = await Promise.race([asked, late]);
    if (told !== undefined) return told;
    // Nobody waits for it any more; its end is of no interest, and no error of its own.
    void asked.catch(() => undefined);
    deps.log.warn("turn.record_late", { turn: turn.id, harness: harness.id, after: RECALL_DEADLINE });
  } catch (error) {
    deps.log.warn("turn.record_unreadable", { turn: turn.id, harness: harness.id, error: messageOf(error) });
  } finally {
    over.abort();
  }
  return { kind: "unknown", why: "unreadable" };
}
