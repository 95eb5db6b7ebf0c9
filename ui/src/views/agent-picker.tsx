import type { VNode } from "preact";
import { usePage } from "./use-page.ts";

/** Who is asked. With one agent there is nothing to choose, and it is only named. */
export function AgentPicker({ name }: { readonly name: string }): VNode | null {
  const { report, agentOf, chooseAgent } = usePage();
  const agents = report.value?.agents ?? [];
  const current = agentOf(name);
  if (current === null) return <span class="agent" />;
  if (agents.length === 1) return <span class="agent muted">to {current}</span>;
  return (
    <label class="agent">
      <span class="unseen">Agent</span>
      <select value={current} onChange={(event) => chooseAgent(name, event.currentTarget.value)}>
        {agents.map(({ id, servable }) => (
          <option key={id} value={id}>
            {servable ? id : `${id} (can’t answer now)`}
          </option>
        ))}
      </select>
    </label>
  );
}
