import { CHAT_COMMANDS, parseChatCommand, type ParsedCommand } from "../core/chat-commands.ts";
import { formatAddress } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import { messageOf, RollcallError, type ErrorCode } from "../core/errors.ts";
import type { Ids, MessageId } from "../core/ids.ts";
import { formatModelRef } from "../core/model-ref.ts";
import { formatDuration } from "../core/time.ts";
import type { AlertDesk } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Operate } from "../ports/operate.ts";
import type { Outbox, WaitingAnswers } from "../ports/outbox.ts";
import type { Status } from "../ports/status.ts";
import type { ReadStore, TurnStore } from "../ports/store.ts";
import { runAlerts } from "./alert-commands.ts";
import { chatActor, runHeld, showHeld, skipHeld } from "./held-commands.ts";

export interface ControlDeps {
  readonly store: TurnStore & ReadStore;
  readonly operate: Operate;
  readonly status: Status;
  readonly outbox: Outbox & WaitingAnswers;
  readonly alerts: AlertDesk;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** A code's reason in plain words. */
  readonly reason: (code: ErrorCode) => string;
}

/**
 * Carries out a chat command and stores its answer with its delivery in one step. A command that was cut off by a
 * crash is carried out again at the next start: each one may be repeated without harm.
 */
export async function runControl(deps: ControlDeps, entry: Entry): Promise<void> {
  const parsed = parseChatCommand(entry.body.text, entry.role);
  const text = parsed === undefined ? "This command is not known here." : await answer(deps, entry, parsed);
  const now = deps.clock.now();
  await deps.store.move(
    [{ id: entry.id, from: "queued", attempt: entry.attempt, to: "answered", event: "answered" }],
    [
      {
        id: deps.ids.delivery(),
        key: `command:${entry.id}`,
        kind: "command",
        address: entry.body.answerTo ?? entry.address,
        body: {
          text,
          format: "markdown",
          ...(entry.body.platformId !== undefined &&
            entry.body.chat.kind === "group" && { quote: entry.body.platformId }),
        },
        entry: entry.id,
        turn: null,
        part: 0,
        createdAt: now,
      },
    ],
    now,
  );
  deps.outbox.wake();
}

async function answer(deps: ControlDeps, entry: Entry, parsed: ParsedCommand): Promise<string> {
  try {
    return (
      (await COMMANDS[parsed.command.name]?.(deps, entry, parsed.args)) ?? "This command is not known here."
    );
  } catch (error) {
    if (error instanceof RollcallError) return `That didn't work: ${error.message}. ${error.fix}`;
    deps.log.error("control.failed", { id: entry.id, command: parsed.command.name, error: messageOf(error) });
    return "That didn't work, for a reason that is in the gateway's log.";
  }
}

type Run = (deps: ControlDeps, entry: Entry, args: string) => Promise<string> | string;

const COMMANDS: Readonly<Record<string, Run>> = {
  alerts: ({ alerts, clock }, _entry, args) => runAlerts(alerts, args, clock.now()),
  start: (_deps, entry) =>
    `You are talking to the agent **${entry.agent}**. Write to it as you would to a person; /help shows what the gateway itself can do.`,
  help: (_deps, entry) =>
    CHAT_COMMANDS.filter(({ roles }) => roles.includes(entry.role))
      .map(({ name, about }) => `/${name} – ${about}`)
      .join("\n"),
  whoami: (_deps, entry) =>
    `You are ${entry.sender.name}, id \`${entry.sender.id}\`, role ${entry.role}. This chat is \`${formatAddress(entry.address)}\`.`,
  status: showStatus,
  new: async ({ operate }, entry) => {
    await operate.resetSession(entry.session);
    return "A new session begins with your next message.";
  },
  stop: async ({ operate }, entry) => {
    const stopped = await operate.stopSession(entry.session, chatActor(entry));
    return stopped === 0 ? "Nothing was running here." : "Stopped.";
  },
  model: chooseModel,
  approve: async ({ operate }, _entry, code) => {
    if (code === "") return "Which one? Write /approve and the code that the person was shown.";
    await operate.decidePairing(code, "approved");
    return "Admitted. They can write to the agent now.";
  },
  deny: async ({ operate }, _entry, code) => {
    if (code === "") return "Which one? Write /deny and the code that the person was shown.";
    await operate.decidePairing(code, "denied");
    return "Refused.";
  },
  held: async ({ store, clock, reason }) => {
    const held = await store.messages({ states: ["held"], limit: 20 });
    if (held.length === 0) return "No message is held.";
    return held
      .map(
        ({ entry }) =>
          `\`${entry.id}\` from ${entry.sender.name}, for ${formatDuration(clock.now() - entry.acceptedAt)}: ${reason(entry.hold?.code ?? "agent-unavailable")}`,
      )
      .join("\n");
  },
  run: runHeld,
  skip: skipHeld,
  show: showHeld,
  retry: async ({ operate, store }, entry, id) => {
    if (id === "") return "Which one? Write /retry and the message's id.";
    const message = await store.message(id as MessageId);
    const own = message?.entry.session === entry.session;
    if (message === null || (entry.role === "paired" && !own))
      return "There is no message like this in this chat.";
    await operate.retry(id as MessageId, chatActor(entry));
    return "It runs again.";
  },
};

function showStatus({ status, clock, reason }: ControlDeps, entry: Entry): string {
  const report = status.report();
  const agent = report.agents.find(({ id }) => id === entry.agent);
  const first = agent?.candidates.find(({ available }) => available);
  const lines = [`The gateway is **${report.status}**.`];
  if (agent?.servable === true && first !== undefined)
    lines.push(`${entry.agent} answers with ${formatModelRef(first.candidate)}.`);
  else
    lines.push(
      `${entry.agent} can't answer now: ${reason(agent?.candidates[0]?.code ?? "agent-unavailable")}. What you write is saved.`,
    );
  if (entry.role !== "paired") {
    lines.push(
      `Waiting: ${report.waiting}, held: ${report.held}. Up for ${formatDuration(clock.now() - report.startedAt)}.`,
    );
    for (const failing of report.failing)
      lines.push(`– ${failing.kind} ${failing.id}: ${reason(failing.code)}. ${failing.fix}`);
  }
  return lines.join("\n");
}

async function chooseModel({ status, store }: ControlDeps, entry: Entry, args: string): Promise<string> {
  const candidates = status.report().agents.find(({ id }) => id === entry.agent)?.candidates ?? [];
  const names = candidates.map(({ candidate }) => formatModelRef(candidate));
  const chosen = await store.sessionModel(entry.session);
  if (args === "") {
    const list = names
      .map((name, i) => `${name === (chosen ?? names[0]) ? "→ " : "   "}${name}${i === 0 ? " (usual)" : ""}`)
      .join("\n");
    return `${list}\n\nChoose one with /model NAME, or the usual one with /model default.`;
  }
  if (args === "default") {
    await store.setSessionModel(entry.session, null);
    return "This chat uses the agent's usual model again.";
  }
  const wanted = names.find((name) => name === args || name.endsWith(`/${args}`));
  if (wanted === undefined) return `There is no model like this here. There are: ${names.join(", ")}.`;
  await store.setSessionModel(entry.session, wanted);
  return `This chat uses ${wanted} from now on.`;
}
