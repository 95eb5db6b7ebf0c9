import type { Backoff } from "./backoff.ts";
import { MINUTE, SECOND } from "./time.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the gateway that no configuration key sets. One place, so that a reader sees what can grow. */
export const LIMITS = {
  /** Longest text of one message; longer ones are refused and the sender is told. In UTF-16 units. */
  textUnits: 200_000,
  /** Largest body of an API request, attachments included (base64). */
  requestBytes: 32 * MIB,
  /** Largest single attachment where the channel sets no smaller one. */
  attachmentBytes: 20 * MIB,
  attachmentsPerMessage: 10,
  /** What is kept of a message that couldn't be read, in UTF-16 units. */
  keptRawUnits: 16_384,
  /** Longest reply that is kept; the rest is cut and the cut is said. */
  replyUnits: 400_000,
  /** Bytes of one line that a harness may write before it is cut as a flood. */
  harnessLineBytes: 8 * MIB,
  /** What is kept of a harness's stderr for its error report. */
  stderrTailBytes: 8 * KIB,
  /** Entries in one turn (an album, a split paste, messages that came in mid-turn). */
  entriesPerTurn: 50,
  /** Waiting messages of one session; beyond it a message is refused and its sender told, the API says 429. */
  waitingPerSession: 1000,
  /** Waiting messages of all sessions; beyond it no channel reads on, the API says 503. */
  waitingOverall: 50_000,
  /** What they hold, in bytes of the store; beyond it likewise. */
  waitingBytes: 512 * MIB,
  /** Space of the disk that is kept for finishing what is in work, in bytes; less on a small disk. */
  diskReserve: 64 * MIB,
  /** File descriptors that are kept; fewer where the process may have few. */
  descriptorReserve: 64,
  /** A commit that takes longer shuts the intake until one takes less than half of it. */
  commitLatency: 5 * SECOND,
  /** Attempts of a turn after which its messages are dead and the sender is told. */
  turnAttempts: 3,
  /** Tries of one delivery whose fault is not the platform's pacing. */
  deliveryAttempts: 8,
  /** Parts beyond which a long reply is sent as a file. */
  replyParts: 3,
  /** Recent unmentioned lines of a group that are shown to the agent. */
  groupTalkLines: 20,
  groupTalkUnits: 4000,
  /** Events kept for a page that reconnects. */
  eventRing: 10_000,
  pairingCodesOpen: 20,
  pairingCodeAge: 60 * MINUTE,
  /** Missed turns that are told to a candidate that lacks the session's history. */
  injectedTurns: 10,
  injectedUnits: 16_000,
} as const;

/** How everything that is tried again waits between its tries. */
export const BACKOFF = {
  probe: { first: SECOND, factor: 2, max: 30 * SECOND, jitter: 0.1 },
  delivery: { first: SECOND, factor: 2, max: 60 * SECOND, jitter: 0.2 },
  poll: { first: SECOND, factor: 2, max: 30 * SECOND, jitter: 0.2 },
  turn: { first: 2 * SECOND, factor: 3, max: 60 * SECOND, jitter: 0.2 },
  fullDisk: { first: 0.25 * SECOND, factor: 2, max: 4 * SECOND, jitter: 0 },
} as const satisfies Record<string, Backoff>;
