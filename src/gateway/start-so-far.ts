import type { Config } from "../core/config.ts";
import type { Duration } from "../core/time.ts";
import type { AlertRaise } from "../ports/alerts.ts";

/** What a start came to before it failed: as much of it as its alert needs. */
export interface StartSoFar {
  /** The configuration, once it was read and checked; `path` is null for a gateway on its own defaults. */
  settled: { readonly config: Config; readonly baseDir: string; readonly path: string | null } | null;
  /** The alerts, once they are open: reports what ends the process, and resolves when that was delivered or is late. */
  raiseLast: ((alert: AlertRaise, within: Duration) => Promise<void>) | null;
}
