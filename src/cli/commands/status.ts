import { EXIT, RollcallError, type ExitCode } from "../../core/errors.ts";
import { visibleText } from "../../core/visible-text.ts";
import type { Json } from "../client.ts";
import { needGateway } from "../connect.ts";
import type { Run } from "../invocation.ts";
import { fieldList, fieldObject, fieldText, printJson, printTable, shortTime } from "../print.ts";
import type { Terminal } from "../terminal.ts";

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const { client } = needGateway(invocation);
  const whole = await client.get("/api/v1/status");
  const wanted = invocation.text("agent");
  const report = wanted === undefined ? whole : onlyAgent(whole, wanted);
  if (invocation.flag("json")) printJson(terminal, report);
  else print(terminal, client.url, report);
  return exitOf(terminal, report, wanted);
};

/** The report without the other agents. @throws RollcallError `agent-unknown` */
function onlyAgent(report: Json, id: string): Json {
  const agents = fieldList(report, "agents").filter((agent) => agent["id"] === id);
  if (agents.length === 0) throw new RollcallError("agent-unknown", { detail: id });
  const harnesses = new Set(
    agents.flatMap((agent) => fieldList(agent, "candidates").map((one) => one["harness"])),
  );
  return {
    ...report,
    agents,
    harnesses: fieldList(report, "harnesses").filter((harness) => harnesses.has(harness["id"])),
    degraded: [report["degraded"] ?? []].flat().filter((agent) => agent === id),
  };
}

function exitOf(terminal: Terminal, report: Json, wanted: string | undefined): ExitCode {
  const phase = fieldText(report, "status");
  const works = phase === "ready" || phase === "holding";
  const served = works && fieldList(report, "agents").every((agent) => agent["servable"] === true);
  if (wanted === undefined ? phase === "ready" : served) return EXIT.ok;
  const first = fieldList(report, "failing")[0];
  const why =
    first === undefined
      ? ""
      : `: ${fieldText(first, "kind")} ${fieldText(first, "id")}, ${fieldText(first, "code")}`;
  const who = wanted === undefined ? "the gateway is" : `agent ${wanted} can't be served, the gateway is`;
  const fix = first === undefined ? "See `rollcall logs`." : fieldText(first, "fix");
  terminal.err(`rollcall: ${visibleText(`${who} ${phase}${why}. ${fix}`)}\n`);
  return EXIT.later;
}

function print(terminal: Terminal, url: string, report: Json): void {
  const say = (text: string): void => terminal.out(`${visibleText(text)}\n`);
  say(`Rollcall ${fieldText(report, "version")} at ${url}: ${fieldText(report, "status")}`);
  say(
    `since ${shortTime(fieldText(report, "startedAt"))}, generation ${fieldText(report, "generation")}, waiting ${fieldText(report, "waiting")}, held ${fieldText(report, "held")}, custody ${fieldText(report, "custody")}`,
  );
  const dead = Number(report["dead"] ?? 0) + Number(report["quarantined"] ?? 0);
  if (dead > 0) say(`failed for good: ${dead}; see rollcall messages list --only dead,quarantined`);
  const restart = fieldText(fieldObject(report, "restartNeeded"), "reason");
  if (restart !== "") say(`restart needed: ${restart}`);
  const next = fieldObject(report, "nextStart");
  if (next["ok"] === false)
    say(`the next start would fail: ${fieldText(next, "code")} ${fieldText(next, "reason")}`);
  const alerts = fieldObject(report, "alerts");
  if (!["", "0"].includes(fieldText(alerts, "open")) || fieldText(alerts, "mutedUntil") !== "")
    say(alertsLine(alerts));
  for (const failing of fieldList(report, "failing")) {
    say(
      `failing: ${fieldText(failing, "kind")} ${fieldText(failing, "id")}, ${fieldText(failing, "code")} since ${shortTime(fieldText(failing, "since"))}. ${fieldText(failing, "fix")}`,
    );
  }
  terminal.out("\n");
  printTable(
    terminal,
    ["AGENT", "CANDIDATE", "", "PROVEN", "PAID BY", "DETAIL"],
    fieldList(report, "agents").flatMap(agentRows),
  );
  terminal.out("\n");
  printTable(
    terminal,
    ["HARNESS", "KIND", "VERSION", "PAID BY", "RUNNING", "IDLE", "WAITING", "MAX"],
    fieldList(report, "harnesses").map(harnessRow),
  );
  const channels = fieldList(report, "channels").map(channelRow);
  if (channels.length === 0) return;
  terminal.out("\n");
  printTable(terminal, ["CHANNEL", "STATUS", "NAME", "DETAIL"], channels);
}

function alertsLine(alerts: Json): string {
  const muted = fieldText(alerts, "mutedUntil");
  const silence = muted === "" ? "" : `, muted until ${shortTime(muted)}`;
  return `alerts: ${fieldText(alerts, "open")} open${silence}; see rollcall alerts list`;
}

function agentRows(agent: Json): readonly (readonly string[])[] {
  return fieldList(agent, "candidates").map((one, index) => [
    index === 0 ? fieldText(agent, "id") : "",
    `${fieldText(one, "harness")}/${fieldText(one, "model")}`,
    one["available"] === true ? "available" : "unavailable",
    fieldText(one, "level"),
    fieldText(one, "paidBy"),
    [fieldText(one, "code"), fieldText(one, "detail"), shortTime(fieldText(one, "until"))]
      .filter((text) => text !== "")
      .join(" "),
  ]);
}

function harnessRow(harness: Json): readonly string[] {
  const max = harness["max"];
  return [
    ...["id", "kind", "version", "paidBy", "running", "idle", "waiting"].map((key) =>
      fieldText(harness, key),
    ),
    typeof max === "number" && max < 1_000_000 ? String(max) : "",
  ];
}

function channelRow(channel: Json): readonly string[] {
  const hints = Array.isArray(channel["hints"]) ? channel["hints"].map(String) : [];
  return [
    `${fieldText(channel, "channel")}/${fieldText(channel, "account")}`,
    fieldText(channel, "status"),
    fieldText(channel, "name"),
    [fieldText(channel, "code"), fieldText(channel, "detail"), ...hints]
      .filter((text) => text !== "")
      .join(" "),
  ];
}
