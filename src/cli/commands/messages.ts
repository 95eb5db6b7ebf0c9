import { EXIT, RollcallError } from "../../core/errors.ts";
import { visibleLines, visibleText } from "../../core/visible-text.ts";
import type { Json } from "../client.ts";
import { onlyArg, wholeNumber, type Invocation, type Run } from "../invocation.ts";
import type { Operations } from "../operations.ts";
import { fieldList, fieldObject, fieldText, oneLine, printJson, printTable, shortTime } from "../print.ts";
import type { Terminal } from "../terminal.ts";
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
        done(invocation, on, await on.retry(onlyArg(invocation)));
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
  const rows = fieldList(answer, "messages").map((message) => [
    fieldText(message, "id"),
    fieldText(message, "state"),
    shortTime(fieldText(message, "acceptedAt")),
    fieldText(message, "agent"),
    placeOf(message),
    oneLine(fieldText(message, "text"), 50),
  ]);
  printTable(terminal, ["ID", "STATE", "ACCEPTED", "AGENT", "FROM", "TEXT"], rows);
  const next = fieldText(answer, "cursor");
  if (next !== "") terminal.err(`rollcall: there are more; go on with --cursor ${next}\n`);
}

function placeOf(message: Json): string {
  const parts = ["channel", "account", "conversation", "thread"].map((key) => fieldText(message, key));
  return parts
    .filter((part) => part !== "")
    .map(encodeURIComponent)
    .join("/");
}

async function show(invocation: Invocation, on: Operations): Promise<void> {
  const answer = await on.message(onlyArg(invocation));
  if (invocation.flag("json")) printJson(invocation.terminal, answer);
  else printMessage(invocation.terminal, fieldObject(answer, "message"));
}

function printMessage(terminal: Terminal, message: Json): void {
  const line = (name: string, value: string): void => {
    if (value !== "") terminal.out(`${name.padEnd(12)}${visibleText(value)}\n`);
  };
  line("message", fieldText(message, "id"));
  line("state", fieldText(message, "state"));
  line("from", `${placeOf(message)} by ${fieldText(fieldObject(message, "sender"), "name")}`);
  line(
    "agent",
    [fieldText(message, "agent"), fieldText(message, "harness"), fieldText(message, "model")]
      .filter(Boolean)
      .join(" · "),
  );
  line("session", fieldText(message, "session"));
  line("attempts", fieldText(message, "attempts"));
  line("repeats", fieldText(message, "repeats"));
  line("replay of", fieldText(message, "replayOf"));
  const hold = fieldObject(message, "hold");
  line(
    "held",
    [fieldText(hold, "code"), shortTime(fieldText(hold, "since")), fieldText(hold, "incident")]
      .filter(Boolean)
      .join(" · "),
  );
  for (const file of fieldList(message, "attachments"))
    line("attachment", `${fieldText(file, "name")} (${fieldText(file, "mime")})`);
  for (const delivery of fieldList(message, "deliveries")) {
    const doubt = delivery["inDoubt"] === true ? ", was in doubt" : "";
    line(
      "delivery",
      `${fieldText(delivery, "kind")} ${fieldText(delivery, "state")}, tries ${fieldText(delivery, "attempts")}${doubt}`,
    );
  }
  terminal.out(`\n${indent(fieldText(message, "text"))}\n`);
  const reply = fieldText(fieldObject(message, "reply"), "text");
  if (reply !== "") terminal.out(`\nreply:\n${indent(reply)}\n`);
  const history = fieldList(message, "history");
  if (history.length > 0) terminal.out("\n");
  for (const { at, event, ...data } of history) {
    const more = Object.entries(data).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    terminal.out(`${visibleText([String(at), String(event), ...more].join("  "))}\n`);
  }
}

function indent(text: string): string {
  return visibleLines(text)
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

async function rerun(invocation: Invocation, on: Operations): Promise<void> {
  const id = onlyArg(invocation);
  const agent = invocation.text("agent");
  if (!invocation.flag("dry-run")) return done(invocation, on, await on.rerun(id, agent));
  const answer = await on.message(id);
  if (invocation.flag("json")) return printJson(invocation.terminal, answer);
  const message = fieldObject(answer, "message");
  const by = agent ?? fieldText(message, "agent");
  const what = `${placeOf(message)} would run again by agent ${by}: ${oneLine(fieldText(message, "text"), 200)}`;
  invocation.terminal.out(`${visibleText(what)}\n`);
}

async function release(invocation: Invocation, on: Operations): Promise<void> {
  const [agent, held] = [invocation.text("agent"), invocation.flag("held")];
  const id = onlyArg(invocation);
  if (!held && agent === undefined && id !== "") return done(invocation, on, await on.release(id));
  if (!held || id !== "")
    throw new RollcallError("usage", {
      detail: "messages release takes an ID, or --held with or without --agent",
    });
  const answer = await on.releaseHeld(agent);
  if (invocation.flag("json")) return printJson(invocation.terminal, answer);
  invocation.terminal.out(`${fieldText(answer, "released")} released\n`);
  if (!on.running)
    invocation.terminal.err("rollcall: no gateway is running; the next start goes on from here\n");
}

function done(invocation: Invocation, on: Operations, answer: Json): void {
  const { terminal } = invocation;
  if (invocation.flag("json")) return printJson(terminal, answer);
  const message = fieldObject(answer, "message");
  terminal.out(`${fieldText(message, "id")} ${fieldText(message, "state")}\n`);
  if (!on.running) terminal.err("rollcall: no gateway is running; the next start goes on from here\n");
}
