import type { Address } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import type { Ids, SessionKey } from "../core/ids.ts";
import type { Availability } from "../ports/availability.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { Generation, Roster } from "../ports/roster.ts";
import type { Store } from "../ports/store.ts";
import type { Lanes } from "./lanes.ts";
import type { FetchedFile } from "./envelope.ts";
import type { PreparedPrompt } from "./prompt.ts";
import type { Attempt } from "./turn-work.ts";

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
  /** What only a running gateway knows. */
  readonly running?: Running;
}

/** What a turn would be told. */
export interface Preview {
  readonly prepared: PreparedPrompt;
  readonly files: readonly FetchedFile[];
}

/** What a rerun asks of a running gateway. */
export interface Running {
  readonly roster: Roster;
  readonly availability: Availability;
  /** The session of another agent in a message's place. */
  readonly sessionOf: (entry: Entry, agent: string) => SessionKey | undefined;
  /** Whether the sender may still write there. */
  readonly admitted: (entry: Entry) => Promise<boolean>;
  /** What a turn would be told, and its files as they are known now. Fetches and writes nothing. */
  readonly preview: (attempt: Attempt) => Promise<Preview>;
}
