import { asList, asNumber, asObject, asText, asTextOrNull, asTime, asTimeOrNull } from "./fields.ts";
import type { Agent, CandidateRow, ChannelRow, Failing, HarnessRow, Report } from "./wire.ts";

/** Reads `GET /api/v1/status`. What is missing reads as empty, never as well. */
export function readReport(value: unknown): Report {
  const json = asObject(value);
  const next = asObject(json["nextStart"]);
  return {
    status: asText(json["status"], "unknown"),
    version: asText(json["version"]),
    startedAt: asTime(json["startedAt"]),
    generation: asNumber(json["generation"]),
    failing: asList(json["failing"]).map(readFailing),
    degraded: asList(json["degraded"]).map((id) => asText(id)),
    agents: asList(json["agents"]).map(readAgent),
    harnesses: asList(json["harnesses"]).map(readHarness),
    channels: asList(json["channels"]).map(readChannel),
    waiting: asNumber(json["waiting"]),
    held: asNumber(json["held"]),
    dead: asNumber(json["dead"]) + asNumber(json["quarantined"]),
    custody: asText(json["custody"]),
    restartNeeded: asTextOrNull(asObject(json["restartNeeded"])["reason"]),
    nextStart: {
      ok: next["ok"] !== false,
      code: asTextOrNull(next["code"]),
      reason: asTextOrNull(next["reason"]),
    },
  };
}

function readFailing(value: unknown): Failing {
  const json = asObject(value);
  return {
    kind: asText(json["kind"]),
    id: asText(json["id"]),
    code: asText(json["code"]),
    since: asTime(json["since"]),
    fix: asText(json["fix"]),
  };
}

function readAgent(value: unknown): Agent {
  const json = asObject(value);
  return {
    id: asText(json["id"]),
    servable: json["servable"] === true,
    candidates: asList(json["candidates"]).map(readCandidate),
  };
}

function readCandidate(value: unknown): CandidateRow {
  const json = asObject(value);
  return {
    harness: asText(json["harness"]),
    model: asText(json["model"]),
    available: json["available"] === true,
    level: asTextOrNull(json["level"]),
    code: asTextOrNull(json["code"]),
    detail: asTextOrNull(json["detail"]),
    since: asTime(json["since"]),
    until: asTimeOrNull(json["until"]),
    version: asTextOrNull(json["version"]),
    paidBy: asTextOrNull(json["paidBy"]),
  };
}

function readHarness(value: unknown): HarnessRow {
  const json = asObject(value);
  return {
    id: asText(json["id"]),
    kind: asText(json["kind"]),
    running: asNumber(json["running"]),
    idle: asNumber(json["idle"]),
    waiting: asNumber(json["waiting"]),
    max: asNumber(json["max"]),
    paidBy: asTextOrNull(json["paidBy"]),
    version: asTextOrNull(json["version"]),
  };
}

function readChannel(value: unknown): ChannelRow {
  const json = asObject(value);
  return {
    channel: asText(json["channel"]),
    account: asText(json["account"]),
    status: asText(json["status"]),
    code: asTextOrNull(json["code"]),
    detail: asTextOrNull(json["detail"]),
    since: asTime(json["since"]),
    lastReceiveAt: asTimeOrNull(json["lastReceiveAt"]),
    name: asTextOrNull(json["name"]),
    hints: asList(json["hints"]).map((hint) => asText(hint)),
  };
}
