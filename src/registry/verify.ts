import type { Config } from "../core/config.ts";
import type { Generation } from "../ports/roster.ts";

/**
 * Calls the roll once more, by code that shares nothing with what built the generation: walks the configuration as it
 * was written and asks the sealed generation for every name in it. Returns what doesn't answer.
 *
 * @param held ids of harnesses that are known to be missing, and whose agents are held for it
 */
export function verifyGeneration(
  config: Config,
  generation: Generation,
  held: readonly string[] = [],
): readonly string[] {
  const problems: string[] = [];
  for (const agent of config.agents.list) {
    if (generation.agents.get(agent.id) !== agent)
      problems.push(`agent ${agent.id} is not in the generation`);
    const wanted = [agent.model.primary].concat(agent.model.fallbacks);
    for (const ref of wanted) {
      const id = ref.split("/", 1)[0] ?? "";
      if (!held.includes(id) && generation.harnesses.get(id)?.id !== id)
        problems.push(`agent ${agent.id} declares ${ref}, and harness ${id} does not answer`);
    }
    if (generation.candidates(agent.id).length !== new Set(wanted).size)
      problems.push(`agent ${agent.id} has other candidates than it declares`);
  }
  for (const id of Object.keys(config.harnesses)) {
    if (!held.includes(id) && !generation.harnesses.has(id))
      problems.push(`harness ${id} is declared and does not answer`);
  }
  for (const binding of config.bindings) {
    if (!generation.agents.has(binding.agent))
      problems.push(`a binding names ${binding.agent}, which is no agent`);
  }
  return problems;
}
