import { createHash } from "node:crypto";
import { backoffDelay } from "../../core/backoff.ts";
import { RollcallError } from "../../core/errors.ts";
import { BACKOFF } from "../../core/limits.ts";
import { SECOND } from "../../core/time.ts";
import type { ChannelDeps } from "../../ports/channel.ts";
import { describeFault, type TelegramApi } from "./api.ts";
import { asObject, isTrue, numberAt, textAt } from "./json.ts";
import { nameOf, type BotIdentity } from "./parse-names.ts";
import type { StateBoard } from "./state.ts";

const SHORT_DEADLINE = 20 * SECOND;
const COMMANDS_DEADLINE = 15 * SECOND;

export interface IdentifyDeps extends Pick<ChannelDeps, "clock" | "random" | "log" | "store" | "commands"> {
  readonly api: TelegramApi;
  readonly state: StateBoard;
  readonly account: string;
  /** Whether a group is configured in which the bot answers without being named. */
  readonly listens: boolean;
}

/**
 * Asks Telegram whose token this is, until it says so or the signal aborts (then undefined).
 *
 * @throws RollcallError `token-refused`
 */
export async function identify(deps: IdentifyDeps, signal: AbortSignal): Promise<BotIdentity | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    const result = await deps.api.call(SHORT_DEADLINE, signal, async (raw, s): Promise<unknown> =>
      raw.getMe(s),
    );
    if (signal.aborted) return undefined;
    if (result.ok) {
      const bot = readIdentity(deps, result.value);
      if (bot !== undefined) return bot;
    }
    const detail = result.ok ? "getMe answered with something else" : describeFault(result.fault);
    const answered = !result.ok && result.fault.kind === "answered" ? result.fault : undefined;
    if (answered?.code === 401 || answered?.code === 404) {
      throw new RollcallError("token-refused", { detail });
    }
    deps.state.failing("channel-unreachable", detail);
    deps.log.warn("telegram.unreachable", { detail, attempt });
    const wait = answered?.retryAfter ?? backoffDelay(BACKOFF.poll, attempt, deps.random.next());
    await deps.clock.sleep(wait, signal);
  }
  return undefined;
}

function readIdentity(deps: IdentifyDeps, value: unknown): BotIdentity | undefined {
  const me = asObject(value) ?? {};
  const id = numberAt(me, "id");
  const username = textAt(me, "username");
  if (id === undefined || username === undefined) return undefined;
  deps.state.named(`@${username}`);
  const blind = deps.listens && !isTrue(me, "can_read_all_group_messages");
  deps.state.hint("privacy", blind ? PRIVACY_HINT : null);
  return { id: String(id), username, name: nameOf(me) };
}

const PRIVACY_HINT =
  "The bot's privacy mode is on: in groups it gets only commands, mentions and answers. Turn it off in BotFather " +
  "(/setprivacy) and add the bot to the group again, or set mention: true.";

/**
 * Writes the commands that the gateway answers into the bot's menu, when they have changed since the last time. Best
 * effort: the commands work without the menu.
 */
export async function publishCommands(
  deps: IdentifyDeps,
  bot: BotIdentity,
  signal: AbortSignal,
): Promise<void> {
  const commands = deps.commands.map(({ name, about }) => ({ command: name, description: about }));
  const digest = createHash("sha256").update(JSON.stringify(commands)).digest("hex").slice(0, 16);
  const key = `telegram:${bot.id}:commands`;
  if ((await deps.store.note(key)) === digest) return;
  const result = await deps.api.call(COMMANDS_DEADLINE, signal, (raw, s) =>
    raw.setMyCommands({ commands }, s),
  );
  if (result.ok) await deps.store.setNote(key, digest);
  else deps.log.debug("telegram.commands_failed", { detail: describeFault(result.fault) });
}
