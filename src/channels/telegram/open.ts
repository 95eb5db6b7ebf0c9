import type { Address } from "../../core/address.ts";
import { messageOf, RollcallError, toRollcallError } from "../../core/errors.ts";
import type { Channel, ChannelCapabilities, ChannelDeps } from "../../ports/channel.ts";
import { createNetwork } from "../network.ts";
import { createAcknowledge } from "./acknowledge.ts";
import { createTelegramApi, type TelegramApi } from "./api.ts";
import { fetchFile, transcribeFile } from "./files.ts";
import { identify, publishCommands } from "./identify.ts";
import { createPace } from "./pace.ts";
import { MESSAGE_UNITS, planReply } from "./plan-reply.ts";
import { CURSOR_AGE, receive } from "./receive.ts";
import type { TelegramOptions } from "./schema.ts";
import { FILE_BYTES } from "./send-call.ts";
import { createSender } from "./send.ts";
import { createStateBoard, type StateBoard } from "./state.ts";

export interface TelegramPlan {
  readonly account: string;
  readonly token: string;
  readonly options: TelegramOptions;
}

/** Enough for thirty messages a second when each takes half of one; a chat that hangs takes one of them. */
const IN_FLIGHT = 16;

/** Opens one bot. Nothing goes to the network before `run`. */
export function openTelegram(plan: TelegramPlan, deps: ChannelDeps): Channel {
  const { account, token, options } = plan;
  const { clock } = deps;
  const log = deps.log.child(`telegram/${account}`);
  const network = createNetwork(deps.network);
  const api = createTelegramApi({ token, apiRoot: options.apiRoot, network, clock });
  const state = createStateBoard(clock);
  const pace = createPace();
  // Acknowledgements end with the run in which they began.
  let life = new AbortController();
  let refused: string | null = null;
  // A poll may hang for long before it hears of it: it is ended, and the next one shows how things stand.
  const tokenRefused = (detail: string): void => {
    refused = detail;
    state.failing("token-refused", detail);
    life.abort();
  };
  const moved = tellMoved(deps, account);
  const sender = createSender({ api, clock, pace, log, token, moved, tokenRefused });
  const { command } = options.media.transcribe ?? {};
  return {
    kind: "telegram",
    account,
    capabilities: capabilitiesOf(options),
    async run(signal) {
      life = new AbortController();
      refused = null;
      const running = AbortSignal.any([signal, life.signal]);
      try {
        await runBot({ deps: { ...deps, log }, api, state, plan }, running);
        if (refused !== null && !signal.aborted)
          throw new RollcallError("token-refused", { detail: refused });
      } catch (error) {
        const fault = toRollcallError(error);
        state.failing(fault.code, fault.detail ?? fault.message);
        throw fault;
      } finally {
        life.abort();
        network.closeIdle();
        if (signal.aborted) state.stopped();
      }
    },
    state: () => state.current(),
    onState: (changed) => state.onChange(changed),
    plan: planReply,
    send: (request, signal) => sender.send(request, signal),
    edit: (address, platformId, text, signal) => sender.edit(address, platformId, text, signal),
    room: ({ conversation }, kind) =>
      pace.room(conversation, kind === "extra" ? "extra" : "send", clock.monotonic()),
    acknowledge: createAcknowledge({ api, clock, pace, log, signal: () => life.signal }),
    fetch: (file, path, signal) => fetchFile({ api, clock, max: options.media.max }, file, path, signal),
    ...(command !== undefined && {
      transcribe: (path: string, signal: AbortSignal) =>
        signal.aborted ? Promise.resolve(null) : transcribeFile(deps.processes, command, path),
    }),
  };
}

function capabilitiesOf(options: TelegramOptions): ChannelCapabilities {
  return {
    textUnits: MESSAGE_UNITS,
    files: true,
    progress: options.stream === "off" ? "none" : "edits",
    inDoubt: "repeat",
    inFlight: IN_FLIGHT,
    fileBytes: FILE_BYTES,
  };
}

interface RunDeps {
  readonly deps: ChannelDeps;
  readonly api: TelegramApi;
  readonly state: StateBoard;
  readonly plan: TelegramPlan;
}

async function runBot({ deps, api, state, plan }: RunDeps, signal: AbortSignal): Promise<void> {
  const { account, options } = plan;
  const listens = (group: string): boolean => options.groups[group]?.mention === false;
  const identifying = { ...deps, api, state, account, listens: Object.keys(options.groups).some(listens) };
  const bot = await identify(identifying, signal);
  if (bot === undefined) return;
  const stored = await deps.store.cursor("telegram", account, bot.id);
  const fresh = stored !== null && deps.clock.now() - stored.at < CURSOR_AGE ? Number(stored.value) : null;
  const end = new AbortController();
  const menu = publishCommands(identifying, bot, AbortSignal.any([signal, end.signal])).catch(
    (error: unknown) => {
      deps.log.debug("telegram.commands_failed", { detail: messageOf(error) });
    },
  );
  try {
    await receive({ ...deps, api, state, context: { account, bot }, cursor: fresh, listens }, signal);
  } finally {
    end.abort();
    await menu;
  }
}

/** A group's new id, found while sending: the gateway is told as if the platform had said so by itself. */
function tellMoved(deps: ChannelDeps, account: string): (from: Address, to: Address) => void {
  return (from, to) => {
    const told = deps.intake.accept({ channel: "telegram", account, items: [{ kind: "moved", from, to }] });
    told.catch((error: unknown) => {
      // The group's own message about it comes as well; while draining it comes to the next start.
      const detail = error instanceof RollcallError ? error.code : messageOf(error);
      deps.log.warn("telegram.move_not_stored", { detail });
    });
  };
}
