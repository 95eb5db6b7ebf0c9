import type { Config } from "../../core/config.ts";

/** What every exercise of a drill works with. */
export interface DrillInput {
  /** The user's configuration, as it was parsed. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly config: Config;
  /** The drill's own folder. */
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}
