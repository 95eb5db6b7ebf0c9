import { RollcallError } from "../core/errors.ts";
import type { Failing, Status, StatusReport } from "../ports/status.ts";
import { json, problemAnswer, type Answer } from "./answer.ts";
import { malformed, readQuery } from "./fields.ts";
import { failingJson } from "./status-json.ts";

/** What the health paths look at. Nothing here may wait. */
export interface HealthDeps {
  readonly status: Status;
  readonly version: string;
  readonly liveness: () => boolean;
}

/** Asked by supervisors and balancers: without a token, under any host name, with no path and no secret in the answer. */
export const HEALTH_PATHS = ["/livez", "/intakez", "/readyz", "/healthz"] as const;
export type HealthPath = (typeof HEALTH_PATHS)[number];

export function isHealthPath(path: string): path is HealthPath {
  return (HEALTH_PATHS as readonly string[]).includes(path);
}

/** Answers a health path at once, from live state. */
export function answerHealth(deps: HealthDeps, path: HealthPath, query: URLSearchParams): Answer {
  switch (path) {
    case "/livez":
      return deps.liveness() ? json(200, { status: "live" }) : json(503, { status: "stalled" });
    case "/intakez":
      return deps.status.intakeOpen() ? json(200, { status: "open" }) : json(503, { status: "closed" });
    case "/readyz":
      return answerReady(deps.status.report(), query);
    case "/healthz": {
      const { status } = deps.status.report();
      return json(status === "ready" ? 200 : 503, { status, version: deps.version });
    }
  }
}

function answerReady(report: StatusReport, query: URLSearchParams): Answer {
  const { agent, channel } = readQuery(query, ["agent", "channel"]);
  if (agent !== undefined && channel !== undefined) {
    throw malformed("channel", "can't be asked for together with an agent");
  }
  if (agent !== undefined) return answerPart(report, agentReady(report, agent));
  if (channel !== undefined) return answerPart(report, channelReady(report, channel));
  if (report.status === "ready") return ready(report.degraded);
  return json(503, { status: report.status, failing: report.failing.map(failingJson) });
}

interface Part {
  readonly serves: boolean;
  readonly degraded: readonly string[];
  /** Which of the reasons concern it. */
  readonly concerns: (failing: Failing) => boolean;
}

function agentReady(report: StatusReport, id: string): Part | null {
  const agent = report.agents.find((one) => one.id === id);
  if (agent === undefined) return null;
  const harnesses = agent.candidates.map((state) => state.candidate.harness);
  return {
    serves: agent.servable,
    degraded: report.degraded.filter((one) => one === id),
    concerns: ({ kind, id: failing }) =>
      (kind === "agent" && failing === id) || (kind === "harness" && harnesses.includes(failing)),
  };
}

function channelReady(report: StatusReport, id: string): Part | null {
  const channel = report.channels.find((one) => `${one.channel}/${one.account}` === id);
  if (channel === undefined) return null;
  return {
    serves: channel.status === "connected",
    degraded: [],
    concerns: (failing) => failing.kind === "channel" && failing.id === id,
  };
}

/** One agent or channel serves when it is well itself and the gateway as a whole takes and works on messages. */
function answerPart(report: StatusReport, part: Part | null): Answer {
  if (part === null) {
    return problemAnswer(new RollcallError("no-such-id", { detail: "it is not declared" }));
  }
  const works = report.status === "ready" || report.status === "holding";
  if (works && part.serves) return ready(part.degraded);
  const failing = works ? report.failing.filter(part.concerns) : report.failing;
  return json(503, { status: works ? "holding" : report.status, failing: failing.map(failingJson) });
}

function ready(degraded: readonly string[]): Answer {
  return json(200, { status: "ready", degraded });
}
