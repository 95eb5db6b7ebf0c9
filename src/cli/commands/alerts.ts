import { EXIT, RollcallError } from "../../core/errors.ts";
import { visibleText } from "../../core/visible-text.ts";
import type { Client, Json } from "../client.ts";
import { needGateway } from "../connect.ts";
import { onlyArg, type Invocation, type Run } from "../invocation.ts";
import { fieldList, fieldText, oneLine, printJson, printTable, shortTime } from "../print.ts";

const SUMMARY_UNITS = 100;

export const run: Run = async (invocation) => {
  const { client } = needGateway(invocation);
  switch (invocation.command.split(" ")[1]) {
    case "ack":
      return acknowledge(invocation, client);
    case "mute":
      return mute(invocation, client);
    case "test":
      return test(invocation, client);
    default:
      return list(invocation, client);
  }
};

async function list(invocation: Invocation, client: Client): ReturnType<Run> {
  const { terminal } = invocation;
  const answer = await client.get("/api/v1/alerts");
  if (invocation.flag("json")) printJson(terminal, answer);
  else {
    const rows = fieldList(answer, "alerts").map((incident) => [
      fieldText(incident, "id"),
      stateOf(incident),
      shortTime(fieldText(incident, "since")),
      fieldText(incident, "subject"),
      fieldText(incident, "code"),
      oneLine(fieldText(incident, "summary"), SUMMARY_UNITS),
    ]);
    printTable(terminal, ["INCIDENT", "STATE", "SINCE", "SUBJECT", "CODE", "SUMMARY"], rows);
    const muted = fieldText(answer, "mutedUntil");
    if (muted !== "") terminal.out(`muted until ${shortTime(muted)}\n`);
  }
  return EXIT.ok;
}

function stateOf(incident: Json): string {
  const status = fieldText(incident, "status");
  if (status !== "open") return status;
  const taken = fieldText(incident, "acknowledgedAt") === "" ? "" : ", taken over";
  return `${fieldText(incident, "severity")}${taken}`;
}

async function acknowledge(invocation: Invocation, client: Client): ReturnType<Run> {
  const { terminal } = invocation;
  const given = onlyArg(invocation);
  const open = given === "" ? await openIds(client) : [given];
  const known: Json[] = [];
  for (const id of open) known.push(await client.post(`/api/v1/alerts/${encodeURIComponent(id)}/ack`, {}));
  if (invocation.flag("json")) printJson(terminal, { alerts: known.map(({ alert }) => alert) });
  else for (const id of open) terminal.out(`${visibleText(id)} is taken over; no more reminders\n`);
  return EXIT.ok;
}

async function openIds(client: Client): Promise<readonly string[]> {
  const open = fieldList(await client.get("/api/v1/alerts?limit=200"), "alerts").filter(
    ({ status, acknowledgedAt }) => status === "open" && acknowledgedAt === null,
  );
  return open.map((incident) => fieldText(incident, "id"));
}

async function mute(invocation: Invocation, client: Client): ReturnType<Run> {
  const { terminal } = invocation;
  const span = onlyArg(invocation);
  const answer = await client.post("/api/v1/alerts/mute", { for: span === "off" ? "0s" : span });
  const until = fieldText(answer, "mutedUntil");
  if (invocation.flag("json")) printJson(terminal, answer);
  else terminal.out(until === "" ? "alerts are told again\n" : `no alerts until ${shortTime(until)}\n`);
  return EXIT.ok;
}

/** @throws RollcallError `alert-undelivered` when not every route gave a receipt */
async function test(invocation: Invocation, client: Client): ReturnType<Run> {
  const { terminal } = invocation;
  const answer = await client.post("/api/v1/alerts/test", {});
  const receipts = fieldList(answer, "receipts");
  if (invocation.flag("json")) printJson(terminal, answer);
  else if (receipts.length > 0)
    printTable(
      terminal,
      ["ROUTE", "OUTCOME", "MS", "DETAIL"],
      receipts.map((receipt) => ["route", "outcome", "ms", "detail"].map((key) => fieldText(receipt, key))),
    );
  const failed = receipts.filter(({ outcome }) => outcome !== "delivered");
  if (receipts.length > 0 && failed.length === 0) return EXIT.ok;
  throw new RollcallError("alert-undelivered", {
    detail:
      receipts.length === 0
        ? "there is no route but the log"
        : failed
            .map((receipt) => `${fieldText(receipt, "route")} ${fieldText(receipt, "outcome")}`)
            .join(", "),
  });
}
