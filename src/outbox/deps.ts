import type { Address } from "../core/address.ts";
import type { Ids } from "../core/ids.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { OutboxPages } from "../ports/outbox-store.ts";
import type { Random } from "../ports/random.ts";
import type { OutboxStore } from "../ports/store.ts";

/** What the dispatcher works with. */
export interface DispatcherDeps {
  /** Its `settle` waits while the disk is full: what a platform has said is known to nobody else. */
  readonly store: OutboxStore & OutboxPages;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Pick<Ids, "delivery">;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly channel: (address: Address) => Channel | undefined;
  /** The operator, who sees what can't be sent. */
  readonly alerts?: Pick<Alerts, "raise" | "resolve">;
  /** Whether an edit of this live view is in doubt: then the answer can't rely on its place. */
  readonly editInDoubt: (key: string) => boolean;
}
