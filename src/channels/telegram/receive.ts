import { BACKOFF } from "../../core/limits.ts";
import { backoffDelay, type Backoff } from "../../core/backoff.ts";
import { messageOf, RollcallError } from "../../core/errors.ts";
import { DAY, SECOND, type Duration } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Inbound, Intake } from "../../ports/intake.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import { describeFault, type ApiFault, type ApiResult, type TelegramApi } from "./api.ts";
import { asObject, numberAt } from "./json.ts";
import { parseUpdate, UPDATES_WANTED, type ParseContext } from "./parse.ts";
import type { StateBoard } from "./state.ts";

/** How long Telegram holds a poll open while there is nothing. In seconds, as the Bot API wants it. */
const LONG_POLL_SECONDS = 30;
/** What a poll may take beyond that before it counts as hung and is ended from here. */
const POLL_GRACE = 15 * SECOND;
const BATCH = 100;
const SHORT_DEADLINE = 20 * SECOND;
/** Update ids begin anew anywhere after a week without any: an older cursor says nothing (Bot API, Update). */
export const CURSOR_AGE = 6 * DAY;
/** How far below the cursor an update is taken for one that came before. */
const CURSOR_NEAR = 1000;
/** Slow, so that two programs with one token don't fight: each poll of one ends the other's. */
const CONFLICT_BACKOFF: Backoff = { first: 3 * SECOND, factor: 2, max: 60 * SECOND, jitter: 0.2 };
/** Connected again only when the rival was quiet for so long. */
const CONFLICT_QUIET = 10 * SECOND;

export interface ReceiveDeps {
  readonly api: TelegramApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly intake: Intake;
  readonly state: StateBoard;
  readonly context: ParseContext;
  /** Last update id that was stored, null when it is unknown or too old. */
  readonly cursor: number | null;
  /** Whether this group's messages are for the bot even when it isn't named. */
  readonly listens: (conversation: string) => boolean;
}

/** What changes from poll to poll. */
interface Progress {
  /** Sent with the next poll: everything below it is stored and confirmed. Null: nothing to confirm. */
  confirm: number | null;
  connected: boolean;
  /** The next poll doesn't wait: it shows at once whether receiving works. */
  prove: boolean;
  faults: number;
  conflicts: number;
  lastConflict: Duration;
}

/**
 * Receives until `signal` aborts: polls, gives each batch to the intake, and confirms it with the next poll, only after
 * the intake has resolved. An offset is sent for nothing else: without one Telegram begins with the oldest update that
 * isn't confirmed, so that nothing depends on how its ids go on. What comes twice is a duplicate by its key.
 *
 * @throws RollcallError `token-refused`
 */
export async function receive(deps: ReceiveDeps, signal: AbortSignal): Promise<void> {
  const progress: Progress = {
    confirm: null,
    connected: false,
    prove: true,
    faults: 0,
    conflicts: 0,
    lastConflict: -Infinity,
  };
  while (!signal.aborted) {
    const timeout = progress.prove ? 0 : LONG_POLL_SECONDS;
    const result = await poll(deps, progress.confirm, timeout, signal);
    if (signal.aborted) return;
    if (!result.ok) {
      await recover(deps, progress, result.fault, signal);
      continue;
    }
    polled(deps, progress);
    if (result.value.length > 0) await take(deps, progress, result.value, signal);
  }
}

function poll(
  deps: ReceiveDeps,
  confirm: number | null,
  timeout: number,
  signal: AbortSignal,
): Promise<ApiResult<readonly unknown[]>> {
  const ask = {
    timeout,
    limit: BATCH,
    allowed_updates: UPDATES_WANTED,
    ...(confirm !== null && { offset: confirm }),
  };
  return deps.api.call<readonly unknown[]>(timeout * SECOND + POLL_GRACE, signal, async (raw, s) => {
    const updates: unknown = await raw.getUpdates(ask, s);
    return Array.isArray(updates) ? updates : [];
  });
}

function polled(deps: ReceiveDeps, progress: Progress): void {
  const now = deps.clock.monotonic();
  progress.confirm = null;
  progress.faults = 0;
  if (now - progress.lastConflict >= CONFLICT_QUIET) {
    progress.conflicts = 0;
    deps.state.connected();
  } else {
    deps.state.received();
  }
  progress.connected = true;
  progress.prove = false;
}

/** Stores one batch. When that fails nothing is confirmed, and Telegram delivers it again. */
async function take(
  deps: ReceiveDeps,
  progress: Progress,
  updates: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  const ids = updates
    .map((update) => numberAt(asObject(update) ?? {}, "update_id"))
    .filter((id) => id !== undefined);
  // Not the highest: ids may have begun anew within the batch, and what is above is only delivered again.
  const last = ids.at(-1);
  const { account, bot } = deps.context;
  const items = updates.map((update) => readUpdate(deps, update));
  try {
    const cursor = { channel: "telegram", account, identity: bot.id, value: String(last) };
    await deps.intake.accept({ channel: "telegram", account, items, ...(last !== undefined && { cursor }) });
  } catch (error) {
    progress.faults++;
    deps.log.warn("telegram.not_stored", { updates: updates.length, detail: messageOf(error) });
    await deps.clock.sleep(backoffDelay(BACKOFF.poll, progress.faults, deps.random.next()), signal);
    return;
  }
  if (last !== undefined) progress.confirm = last + 1;
  else await deps.clock.sleep(BACKOFF.poll.max, signal);
}

function readUpdate(deps: ReceiveDeps, update: unknown): Inbound {
  const item = parseUpdate(update, deps.context);
  if (item.kind === "ignored") deps.log.debug("telegram.ignored", { reason: item.reason });
  if (item.kind !== "message" || item.addressed || deps.listens(item.address.conversation)) return item;
  // Talk of a group has no key in the store: stored before a crash, it must not be remembered twice.
  const id = numberAt(asObject(update) ?? {}, "update_id") ?? -1;
  const before = deps.cursor !== null && id <= deps.cursor && id > deps.cursor - CURSOR_NEAR;
  return before ? { kind: "ignored", reason: "came before the last stop" } : item;
}

/** Waits as long as the fault asks for, and shows it. */
async function recover(
  deps: ReceiveDeps,
  progress: Progress,
  fault: ApiFault,
  signal: AbortSignal,
): Promise<void> {
  const { state, random } = deps;
  progress.prove = true;
  const detail = describeFault(fault);
  const code = fault.kind === "answered" ? fault.code : 0;
  if (code === 401 || code === 404) throw new RollcallError("token-refused", { detail });
  if (code === 409) {
    if (/webhook/i.test(detail)) return dropWebhook(deps, progress, signal);
    progress.lastConflict = deps.clock.monotonic();
    state.failing("channel-conflict", detail);
    deps.log.warn("telegram.conflict", { detail });
    const wait = backoffDelay(CONFLICT_BACKOFF, ++progress.conflicts, random.next());
    return deps.clock.sleep(wait, signal);
  }
  progress.faults++;
  deps.log.warn("telegram.poll_failed", { detail, faults: progress.faults });
  // A single lost poll is everyday life; the next one follows within a second.
  if (progress.faults > 1 || !progress.connected) state.failing("channel-unreachable", detail);
  const paced = fault.kind === "answered" ? fault.retryAfter : null;
  await deps.clock.sleep(paced ?? backoffDelay(BACKOFF.poll, progress.faults, random.next()), signal);
}

/** A webhook takes all updates away from polls. It was set for this token, which is ours now. */
async function dropWebhook(deps: ReceiveDeps, progress: Progress, signal: AbortSignal): Promise<void> {
  const result = await deps.api.call(SHORT_DEADLINE, signal, (raw, s) => raw.deleteWebhook({}, s));
  deps.log.warn("telegram.webhook_removed", { ok: result.ok });
  if (result.ok) {
    deps.state.hint(
      "webhook",
      "A webhook was set for this bot; it was removed, since updates are polled for.",
    );
    return;
  }
  progress.faults++;
  deps.state.failing("channel-conflict", "a webhook is set for this bot and can't be removed");
  await deps.clock.sleep(backoffDelay(BACKOFF.poll, progress.faults, deps.random.next()), signal);
}
