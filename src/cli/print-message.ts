import { visibleLines, visibleText } from "../core/visible-text.ts";
import type { Json } from "./client.ts";
import { LIFE_HEADS, lifeRows } from "./message-life.ts";
import { fieldList, fieldObject, fieldText, printTable, shortTime } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** Where a message came from, as an address. */
export function placeOf(message: Json): string {
  const parts = ["channel", "account", "conversation", "thread"].map((key) => fieldText(message, key));
  return parts
    .filter((part) => part !== "")
    .map(encodeURIComponent)
    .join("/");
}

/** Why a message failed for good, in one line; empty when it didn't. */
export function failureOf(message: Json): string {
  const failure = fieldObject(message, "failure");
  return [fieldText(failure, "code"), fieldText(failure, "detail")].filter(Boolean).join(": ");
}

/** One message with its whole life. */
export function printMessage(terminal: Terminal, message: Json): void {
  const line = (name: string, value: string): void => {
    if (value !== "") terminal.out(`${name.padEnd(12)}${visibleText(value)}\n`);
  };
  const id = fieldText(message, "id");
  line("message", id);
  line("state", fieldText(message, "state"));
  line("failed", failureOf(message));
  if (failureOf(message) !== "")
    line("", `try again: rollcall messages retry ${id}; clear away: messages purge --id ${id}`);
  line("from", `${placeOf(message)} by ${fieldText(fieldObject(message, "sender"), "name")}`);
  line(
    "agent",
    [fieldText(message, "agent"), fieldText(message, "harness"), fieldText(message, "model")]
      .filter(Boolean)
      .join(" · "),
  );
  line("session", fieldText(message, "session"));
  line("attempts", fieldText(message, "attempts"));
  if (Number(fieldText(message, "repeats")) > 0) line("repeats", fieldText(message, "repeats"));
  line("ran with", textList(message, "ranWith"));
  line("rerun of", fieldText(message, "replayOf"));
  line("reruns", textList(message, "reruns"));
  const hold = fieldObject(message, "hold");
  line(
    "held",
    [fieldText(hold, "code"), shortTime(fieldText(hold, "since")), fieldText(hold, "incident")]
      .filter(Boolean)
      .join(" · "),
  );
  for (const file of fieldList(message, "attachments"))
    line("attachment", `${fieldText(file, "name")} (${fieldText(file, "mime")})`);
  for (const delivery of fieldList(message, "deliveries")) line("delivery", deliveryLine(delivery));
  terminal.out(`\n${indent(fieldText(message, "text"))}\n`);
  const reply = fieldText(fieldObject(message, "reply"), "text");
  if (reply !== "") terminal.out(`\nreply:\n${indent(reply)}\n`);
  const history = fieldList(message, "history");
  if (history.length === 0) return;
  terminal.out("\n");
  printTable(terminal, LIFE_HEADS, lifeRows(history));
}

function deliveryLine(delivery: Json): string {
  const doubt = delivery["inDoubt"] === true ? ", was in doubt" : "";
  const as = fieldText(delivery, "platformId");
  const part = Number(fieldText(delivery, "part"));
  return [
    `${fieldText(delivery, "kind")}${part > 0 ? ` part ${part + 1}` : ""} ${fieldText(delivery, "state")}`,
    `, tries ${fieldText(delivery, "attempts")}${doubt}`,
    as === "" ? "" : `, as ${as}`,
    fieldText(delivery, "to") === "" ? "" : ` to ${fieldText(delivery, "to")}`,
  ].join("");
}

/** What a rerun would do. */
export function printPlan(terminal: Terminal, plan: Json): void {
  const line = (name: string, value: string): void => {
    if (value !== "") terminal.out(`${name.padEnd(12)}${visibleText(value)}\n`);
  };
  const refusal = fieldObject(plan, "refusal");
  const runsOn = fieldObject(plan, "runsOn");
  const on = [fieldText(runsOn, "harness"), fieldText(runsOn, "model")].filter(Boolean).join("/");
  line("rerun of", fieldText(plan, "id"));
  line("refused", [fieldText(refusal, "code"), fieldText(refusal, "detail")].filter(Boolean).join(": "));
  line("agent", fieldText(plan, "agent"));
  line("session", fieldText(plan, "session"));
  line("runs on", on === "" ? "nobody now: it would be held" : on);
  for (const one of fieldList(plan, "candidates")) {
    const why = [fieldText(one, "code"), fieldText(one, "detail")].filter(Boolean).join(" ");
    const state = one["available"] === true ? "available" : `unavailable ${why}`;
    line("candidate", `${fieldText(one, "harness")}/${fieldText(one, "model")} ${state}`);
  }
  line("goes on in", fieldText(plan, "resume") || "a new session of the harness");
  line("before it", `${fieldText(plan, "ahead")} waiting`);
  line("answer to", fieldText(plan, "answerTo"));
  line("tools", TOOLS[String(plan["toolsRan"])] ?? "");
  for (const file of fieldList(plan, "files"))
    line(
      "file",
      `${fieldText(file, "name")} (${fieldText(file, "mime")}) ${fieldText(file, "path") || fieldText(file, "problem")}`,
    );
  const prompt = fieldText(plan, "prompt") || fieldText(plan, "text");
  terminal.out(`\nprompt:\n${indent(prompt)}\n\nNothing was changed.\n`);
}

const TOOLS: Readonly<Record<string, string>> = {
  true: "had run last time: they may run again",
  false: "none had run last time",
  null: "may have run last time: nobody knows after a crash",
};

function textList(message: Json, key: string): string {
  const list = message[key];
  return Array.isArray(list) ? list.filter((one) => typeof one === "string").join(" ") : "";
}

function indent(text: string): string {
  return visibleLines(text)
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
