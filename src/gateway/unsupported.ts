import type { AgentConfig, Config } from "../core/config.ts";

/** What the configuration asks for and this version doesn't do yet, one line each, so that nobody relies on it. */
export function unsupported(config: Config): readonly string[] {
  const lines = config.agents.list.flatMap((agent) =>
    agentLines(agent).map((line) => `agents.list (${agent.id}): ${line}`),
  );
  const beating = config.agents.list.some(({ canary }) => canary.every !== undefined);
  if (beating && config.channels["web"]?.enabled === false)
    lines.push("agents.*.canary: none is sent without the web channel, which is off");
  if (config.gateway.boot.badConfig !== "exit")
    lines.push("gateway.boot.badConfig: this version always exits");
  return lines;
}

function agentLines(agent: AgentConfig): readonly string[] {
  const lines: string[] = [];
  if (agent.spend.perDay !== undefined) lines.push("spend.perDay is counted, not enforced, in this version");
  if (agent.midTurn === "steer")
    lines.push("midTurn: no harness can be steered in this version; it works as collect");
  return lines;
}
