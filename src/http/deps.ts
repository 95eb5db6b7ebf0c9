import type { GatewayConfig } from "../core/config.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import type { AccountingState } from "../ports/accounting.ts";
import type { AlertDesk } from "../ports/alerts.ts";
import type { Archive } from "../ports/archive.ts";
import type { Blobs } from "../ports/blobs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Intake } from "../ports/intake.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Operate } from "../ports/operate.ts";
import type { Random } from "../ports/random.ts";
import type { Generation } from "../ports/roster.ts";
import type { Status } from "../ports/status.ts";
import type { AccessStore, ChannelStore, InboxStore, ReadStore } from "../ports/store.ts";

/** What a reload came to. */
export type ReloadOutcome =
  | { readonly generation: number }
  | { readonly refused: readonly { readonly code: ErrorCode; readonly detail: string }[] };

/** The parts of the store that HTTP sees. */
export type HttpStore = ReadStore &
  AccessStore &
  Pick<ChannelStore, "note" | "setNote"> &
  Pick<InboxStore, "findByKey">;

/** What the HTTP side is made with: ports alone. */
export interface HttpDeps {
  /** Read for each request: a reload may change it. */
  readonly gateway: Pick<GatewayConfig, "host" | "port" | "publicUrl" | "allowedHosts" | "trustedProxies">;
  readonly intake: Intake;
  readonly operate: Operate;
  readonly store: HttpStore;
  readonly status: Status;
  readonly roster: { current(): Pick<Generation, "agents" | "firstAgent"> };
  /** `latest` is the id of the newest event: where a new watcher begins. */
  readonly events: Events & { latest(): string };
  readonly metrics: Metrics;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** SHA-256 of the gateway's own token, in hex. */
  readonly tokenHash: string;
  readonly version: string;
  /** Folder of the built page; null when it isn't built. */
  readonly pageDir: string | null;
  /** Names the cookie, so that two gateways on one host don't sign each other out. */
  readonly instance: string;
  /** Whether the process can work: false for a while after the event loop stood still. Must not wait. */
  readonly liveness: () => boolean;
  /** Registers a secret that was just made, so that no log line shows it. */
  readonly guard?: (secret: string) => void;
  /** How the last recount of all messages came out; null before the first. */
  readonly accounting?: () => AccountingState | null;
  readonly alerts: AlertDesk;
  readonly archive?: Archive;
  /** Begins to stop. Returns at once. */
  readonly drain?: () => void;
  readonly reload?: (request: { readonly dropAgents: readonly string[] }) => Promise<ReloadOutcome>;
  /** What a start with the configuration as it is on the disk would come to. */
  readonly nextStart?: () => {
    readonly ok: boolean;
    readonly code: string | null;
    readonly reason: string | null;
  };
}

export interface HttpServer {
  /**
   * @param port 0 takes a free one
   * @throws RollcallError `port-in-use`, `listen-failed`
   */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Stops accepting, ends event streams and waiting requests, and lets the others finish. Connections that are left
   * after `grace` are cut. Never rejects.
   */
  close(grace: Duration): Promise<void>;
  /** A new sign-in link for the page: works once, for ten minutes. Call it after `listen`. */
  link(): string;
}
