// One seed is one start: agents, what they need, and plugins that bring it, or do what they must not.

/** What a plugin does. The first two do no wrong. */
export const BEHAVIOURS = [
  "good",
  "late register, after the seal",
  "brings nothing",
  "import throws",
  "import never ends",
  "register throws",
  "register never ends",
  "register ends too late",
  "registers twice",
  "shadows a built-in kind",
  "shadows it, and swallows the refusal",
  "registers after its end",
  "has a built-in's id",
  "is no plugin",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** What a plugin's factory does when one of its kinds is declared. */
export const FACTORIES = ["makes", "throws", "never answers", "answers under a foreign id"] as const;
export type Factory = (typeof FACTORIES)[number];

export interface PluginScene {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly kinds: readonly string[];
  readonly factory: Factory;
  /** Milliseconds that its import and its register take where they end. */
  readonly importTakes: number;
  readonly registerTakes: number;
}

export interface Scene {
  readonly seed: number;
  readonly unregistered: "exit" | "hold-agent";
  readonly agents: readonly { readonly id: string; readonly refs: readonly string[] }[];
  readonly plugins: readonly PluginScene[];
  /** Kinds whose harness can't prove itself. */
  readonly unwell: readonly string[];
}

/** Numbers in [0, 1) that a seed repeats. */
export function randomOf(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KINDS = ["ant", "bee", "cat", "dog"];

export function sceneOf(seed: number): Scene {
  const random = randomOf(seed);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const pick = <T>(from: readonly T[]): T => from[upTo(from.length - 1)] as T;
  const some = (from: readonly string[], chance: number): string[] => from.filter(() => random() < chance);
  // Half of all starts have nobody who does wrong: a gateway that never comes up would pass every other check.
  const calm = random() < 0.5;
  const shared = random() < 0.15;
  const names = Array.from({ length: upTo(4) }, (_, i) => `plugin-${i}`);
  const left = [...KINDS];
  const plugins = names.map((name): PluginScene => {
    const behaviour =
      calm || random() < 0.5 ? pick(["good", "good", "good", BEHAVIOURS[1]] as const) : pick(BEHAVIOURS);
    const kinds = shared ? some(KINDS, 0.4) : left.splice(0, upTo(2));
    return {
      name,
      behaviour,
      kinds,
      factory: calm || random() < 0.85 ? "makes" : pick(FACTORIES),
      importTakes: random() < 0.5 ? 0 : upTo(1500) + random(),
      registerTakes: random() < 0.3 ? 0 : upTo(3000) + random(),
    };
  });
  const brought = plugins.flatMap(({ kinds }) => kinds);
  const needed = calm && random() < 0.9 ? ["echo", ...brought] : ["echo", ...KINDS];
  const agents = Array.from({ length: 1 + upTo(2) }, (_, i) => ({
    id: `agent-${i}`,
    refs: Array.from({ length: 1 + upTo(2) }, () => `${pick(needed)}/default`),
  }));
  return {
    seed,
    unregistered: random() < 0.3 ? "hold-agent" : "exit",
    agents,
    plugins,
    unwell: random() < 0.2 ? some(KINDS, 0.5) : [],
  };
}
