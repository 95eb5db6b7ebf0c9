import type { Address } from "../core/address.ts";
import type { Ids } from "../core/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { Generation } from "../ports/roster.ts";
import type { Store } from "../ports/store.ts";
import type { Lanes } from "./lanes.ts";

/** What the operator's means work with. */
export interface OperateDeps {
  readonly store: Store;
  readonly lanes: Lanes;
  readonly outbox: Outbox;
  readonly roster: { current(): Pick<Generation, "agents"> };
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly events: Events;
  /** A person asks for another try: what is out is probed now. Absent where nothing runs. */
  readonly retryCandidates?: (agent: string | null) => void;
  /** Whether an address names a chat of a configured channel. */
  readonly reachable: (address: Address) => boolean;
}
