import { EXIT, RollcallError } from "../../core/errors.ts";
import { formatDuration } from "../../core/time.ts";
import type { Json } from "../client.ts";
import { onlyArg, wholeNumber, type Invocation, type Run } from "../invocation.ts";
import type { Operations } from "../operations.ts";
import { failureOf, placeOf, printMessage, printPlan } from "../print-message.ts";
import { fieldList, fieldObject, fieldText, oneLine, printJson, printTable, shortTime } from "../print.ts";
import { withOperations } from "../with-operations.ts";

export const run: Run = (invocation) =>
  withOperations(invocation, async (on) => {
    switch (invocation.command.split(" ")[1]) {
      case "list":
        await list(invocation, on);
        break;
      case "show":
        await show(invocation, on);
        break;
      case "rerun":
        await rerun(invocation, on);
        break;
      case "release":
        await release(invocation, on);
        break;
      case "retry":
        await retry(invocation, on);
        break;
      default:
        done(invocation, on, await on.cancel(onlyArg(invocation)));
    }
    return EXIT.ok;
  });

async function list(invocation: Invocation, on: Operations): Promise<void> {
  const { terminal } = invocation;
  const [state, cursor] = [invocation.text("only"), invocation.text("cursor")];
  const limit = wholeNumber(invocation, "limit", 1, 200);
  const answer = await on.messages({
    ...(state !== undefined && { state }),
    ...(cursor !== undefined && { cursor }),
    ...(limit !== undefined && { limit }),
  });
  if (invocation.flag("json")) return printJson(terminal, answer);
  const messages = fieldList(answer, "messages");
  const why = messages.some((message) => failureOf(message) !== "");
  const rows = messages.map((message) => [
    fieldText(message, "id"),
    fieldText(message, "state"),
    shortTime(fieldText(message, "acceptedAt")),
    ageOf(message, Date.now()),
    fieldText(message, "agent"),
    placeOf(message),
    fieldText(fieldObject(message, "sender"), "name"),
    ...(why ? [oneLine(failureOf(message), 60)] : []),
    oneLine(fieldText(message, "text"), 50),
  ]);
  const heads = [
    "ID",
    "STATE",
    "ACCEPTED",
    "AGE",
    "AGENT",
    "FROM",
    "SENDER",
    ...(why ? ["WHY"] : []),
    "TEXT",
  ];
  printTable(terminal, heads, rows);
  if (why)
    terminal.err(
      "rollcall: try one again with messages retry ID, all that are dead with messages retry --dead, or clear them away with messages purge\n",
    );
  const next = fieldText(answer, "cursor");
  if (next !== "") terminal.err(`rollcall: there are more; go on with --cursor ${next}\n`);
}

function ageOf(message: Json, now: number): string {
  const since = Date.parse(fieldText(message, "acceptedAt"));
  return Number.isFinite(since) ? formatDuration(Math.max(0, now - since)) : "";
}

async function show(invocation: Invocation, on: Operations): Promise<void> {
  const answer = await on.message(onlyArg(invocation));
  if (invocation.flag("json")) printJson(invocation.terminal, answer);
  else printMessage(invocation.terminal, fieldObject(answer, "message"));
}

async function rerun(invocation: Invocation, on: Operations): Promise<void> {
  const id = onlyArg(invocation);
  const agent = invocation.text("agent");
  if (!invocation.flag("dry-run")) return done(invocation, on, await on.rerun(id, agent));
  const answer = await on.planRerun(id, agent);
  if (invocation.flag("json")) return printJson(invocation.terminal, answer);
  printPlan(invocation.terminal, fieldObject(answer, "plan"));
}

async function retry(invocation: Invocation, on: Operations): Promise<void> {
  const [agent, dead] = [invocation.text("agent"), invocation.flag("dead")];
  const id = onlyArg(invocation);
  if (!dead && agent === undefined && id !== "") return done(invocation, on, await on.retry(id));
  oneOrAll("retry", "--dead", dead && id === "");
  many(invocation, on, await on.retryDead(agent), "retried");
}

async function release(invocation: Invocation, on: Operations): Promise<void> {
  const [agent, held] = [invocation.text("agent"), invocation.flag("held")];
  const id = onlyArg(invocation);
  if (!held && agent === undefined && id !== "") return done(invocation, on, await on.release(id));
  oneOrAll("release", "--held", held && id === "");
  many(invocation, on, await on.releaseHeld(agent), "released");
}

function oneOrAll(command: string, flag: string, all: boolean): void {
  if (!all)
    throw new RollcallError("usage", {
      detail: `messages ${command} takes an ID, or ${flag} with or without --agent`,
    });
}

function many(invocation: Invocation, on: Operations, answer: Json, what: string): void {
  if (invocation.flag("json")) return printJson(invocation.terminal, answer);
  invocation.terminal.out(`${fieldText(answer, what)} ${what}\n`);
  sayOffline(invocation, on);
}

function done(invocation: Invocation, on: Operations, answer: Json): void {
  const { terminal } = invocation;
  if (invocation.flag("json")) return printJson(terminal, answer);
  const message = fieldObject(answer, "message");
  terminal.out(`${fieldText(message, "id")} ${fieldText(message, "state")}\n`);
  sayOffline(invocation, on);
}

function sayOffline({ terminal }: Invocation, on: Operations): void {
  if (!on.running) terminal.err("rollcall: no gateway is running; the next start goes on from here\n");
}
