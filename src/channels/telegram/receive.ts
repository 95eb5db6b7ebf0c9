import { BACKOFF } from "../../core/limits.ts";
import { backoffDelay, type Backoff } from "../../core/backoff.ts";
import { messageOf, RollcallError } from "../../core/errors.ts";
import { DAY, SECOND, type Duration } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { describeFault, type ApiFault, type ApiResult, type TelegramApi } from "./api.ts";
import { UPDATES_WANTED } from "./parse.ts";
import type { StateBoard } from "./state.ts";
import { storeItems, takeUpdates, type TakeDeps } from "./take.ts";
import { unreadableHead } from "./unreadable.ts";

/** How long Telegram holds a poll open while there is nothing. In seconds, as the Bot API wants it. */
const LONG_POLL_SECONDS = 30;
/** What a poll may take beyond that before it counts as hung and is ended from here. */
const POLL_GRACE = 15 * SECOND;
const BATCH = 100;
/** How often it is asked whether more is taken again. */
const PAUSED_LOOK = SECOND;
const SHORT_DEADLINE = 20 * SECOND;
/** Update ids begin anew anywhere after a week without any: an older cursor says nothing (Bot API, Update). */
export const CURSOR_AGE = 6 * DAY;
/** Slow, so that two programs with one token don't fight: each poll of one ends the other's. */
const CONFLICT_BACKOFF: Backoff = { first: 3 * SECOND, factor: 2, max: 60 * SECOND, jitter: 0.2 };
/** Connected again only when the rival was quiet for so long. */
const CONFLICT_QUIET = 10 * SECOND;

export interface ReceiveDeps extends TakeDeps {
  readonly api: TelegramApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly state: StateBoard;
}

/** What changes from poll to poll. */
interface Progress {
  /** Sent with the next poll: everything below it is stored and confirmed. Null: nothing to confirm. */
  confirm: number | null;
  connected: boolean;
  /** Updates that the next poll asks for at most. */
  limit: number;
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
    limit: BATCH,
    prove: true,
    faults: 0,
    conflicts: 0,
    lastConflict: -Infinity,
  };
  while (!signal.aborted) {
    if (await paused(deps, progress, signal)) continue;
    const timeout = progress.prove ? 0 : LONG_POLL_SECONDS;
    const begun = deps.clock.monotonic();
    const result = await poll(deps, progress, timeout, signal);
    if (signal.aborted) return;
    if (!result.ok && result.fault.kind === "lost" && result.fault.head !== undefined) {
      await narrow(deps, progress, { ...result.fault, head: result.fault.head }, signal);
      continue;
    }
    if (!result.ok) {
      await recover(deps, progress, result.fault, signal, deps.clock.monotonic() - begun);
      continue;
    }
    polled(deps, progress);
    if (result.value.length > 0) await take(deps, progress, result.value, signal);
  }
}

/** While the gateway takes nothing, nothing is asked for: Telegram keeps what people send, and the cursor stands. */
async function paused(deps: ReceiveDeps, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const why = deps.intake.closed?.() ?? null;
  deps.state.paused(why === null ? null : { code: why.code, detail: why.detail });
  if (why === null) return false;
  progress.prove = true;
  await deps.clock.sleep(PAUSED_LOOK, signal);
  return true;
}

function poll(
  deps: ReceiveDeps,
  { confirm, limit }: Progress,
  timeout: number,
  signal: AbortSignal,
): Promise<ApiResult<readonly unknown[]>> {
  const ask = {
    timeout,
    limit,
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
  progress.limit = Math.min(BATCH, progress.limit * 2);
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

/** Stores what came. When that fails nothing more is confirmed, and Telegram delivers it again. */
async function take(
  deps: ReceiveDeps,
  progress: Progress,
  updates: readonly unknown[],
  signal: AbortSignal,
): Promise<void> {
  const stored = await storing(deps, progress, signal, () =>
    takeUpdates(deps, updates, (next) => (progress.confirm = next)),
  );
  // Without an id nothing can be confirmed, and the same would come again at once.
  if (stored && progress.confirm === null) await deps.clock.sleep(BACKOFF.poll.max, signal);
}

async function storing(
  deps: ReceiveDeps,
  progress: Progress,
  signal: AbortSignal,
  store: () => Promise<void>,
): Promise<boolean> {
  try {
    await store();
    return true;
  } catch (error) {
    progress.faults++;
    deps.log.warn("telegram.not_stored", { detail: messageOf(error) });
    await deps.clock.sleep(backoffDelay(BACKOFF.poll, progress.faults, deps.random.next()), signal);
    return false;
  }
}

/**
 * An answer beyond all measure: fewer updates at once, down to one. The one that is too large by itself is kept as far
 * as its first bytes tell, and confirmed, so that what comes after it is received.
 */
async function narrow(
  deps: ReceiveDeps,
  progress: Progress,
  fault: { readonly detail: string; readonly head: string },
  signal: AbortSignal,
): Promise<void> {
  deps.log.warn("telegram.too_large", { limit: progress.limit, detail: fault.detail });
  if (progress.limit > 1) {
    progress.limit = 1;
    return;
  }
  const found = unreadableHead(fault.head, deps.context, fault.detail);
  if (found === null) {
    progress.faults++;
    deps.state.failing("channel-unreachable", fault.detail);
    return deps.clock.sleep(backoffDelay(BACKOFF.poll, progress.faults, deps.random.next()), signal);
  }
  await storing(deps, progress, signal, () =>
    storeItems(deps, [found.item], [found.id], (next) => (progress.confirm = next)),
  );
}

/** Waits as long as the fault asks for, and shows it. */
async function recover(
  deps: ReceiveDeps,
  progress: Progress,
  fault: ApiFault,
  signal: AbortSignal,
  took: Duration,
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
  // A poll that hung has waited long enough.
  if (progress.faults === 1 && took >= LONG_POLL_SECONDS * SECOND) return;
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
