import { matchesAddress, parseAddress } from "../core/address.ts";
import type { Config } from "../core/config.ts";
import { shorten } from "./key-path.ts";
import { suggestion } from "./problems.ts";

/** What one key can't know of another: names that must exist, and things that must not stand twice. Pure. */
export function crossProblems(config: Config): readonly string[] {
  return [...duplicateAgents(config), ...bindingProblems(config)];
}

function duplicateAgents(config: Config): readonly string[] {
  const first = new Map<string, number>();
  return config.agents.list.flatMap(({ id }, index) => {
    const before = first.get(id);
    if (before !== undefined)
      return [`agents.list[${index}].id: "${id}" is the id of agents.list[${before}] already`];
    first.set(id, index);
    return [];
  });
}

function bindingProblems(config: Config): readonly string[] {
  const agents = config.agents.list.map(({ id }) => id);
  return config.bindings.flatMap(({ agent, from }, index) => {
    const at = `bindings[${index}]`;
    const before = config.bindings.findIndex((other) => other.from === from);
    return [
      ...(agents.includes(agent)
        ? []
        : [`${at}.agent: there is no agent "${shorten(agent)}"${suggestion(agent, agents)}`]),
      ...(before < index
        ? [`${at}.from: the same as bindings[${before}].from, which always matches first`]
        : []),
    ];
  });
}

/** What is allowed and probably not meant. Pure. */
export function configWarnings(config: Config, known: KnownKinds): readonly string[] {
  return [...shadowedBindings(config), ...kindWarnings(config, known), ...unusedOwners(config)];
}

/** Kinds that are built in. */
export interface KnownKinds {
  readonly harnesses: readonly string[];
}

function shadowedBindings({ bindings }: Config): readonly string[] {
  return bindings.flatMap(({ from }, index) => {
    const before = bindings
      .slice(0, index)
      .findIndex((earlier) => earlier.from !== from && covers(earlier.from, from));
    return before === -1
      ? []
      : [`bindings[${index}].from: never matches, bindings[${before}].from covers it`];
  });
}

/** Whether every address that the later pattern matches is matched by the earlier one. */
function covers(earlier: string, later: string): boolean {
  const parts = later.split("/");
  const wide = earlier.split("/");
  if (parts.some((part, i) => part === "*" && i < wide.length && wide[i] !== "*")) return false;
  const example = [...parts, "*", "*", "*"].slice(0, Math.max(3, parts.length));
  const address = parseAddress(example.map((part) => (part === "*" ? "any" : part)).join("/"));
  return address !== undefined && wide.length <= parts.length && matchesAddress(earlier, address);
}

function kindWarnings(config: Config, known: KnownKinds): readonly string[] {
  // A kind that isn't built in may come with a plugin: only the roll call knows.
  if (config.plugins.length > 0) return [];
  return Object.entries(config.harnesses).flatMap(([id, { kind }]) =>
    known.harnesses.includes(kind)
      ? []
      : [
          `harnesses.${id}: "${shorten(kind)}" is no built-in kind of harness${suggestion(kind, known.harnesses)}`,
        ],
  );
}

function unusedOwners(config: Config): readonly string[] {
  return config.owners.flatMap((owner, index) => {
    const channel = parseAddress(owner)?.channel;
    return channel === undefined || channel in config.channels
      ? []
      : [
          `owners[${index}]: channel "${shorten(channel)}" is not configured${suggestion(channel, Object.keys(config.channels))}`,
        ];
  });
}
