import { MINUTE, SECOND } from "../../core/time.ts";

/** Bounds of this harness that no configuration key sets. */
export const CLAUDE_LIMITS = {
  /** From the spawn to the answer to `initialize`. */
  handshake: 15 * SECOND,
  /** How long an interrupted turn may take to end by itself. Measured: below 10 ms. */
  interrupt: 2 * SECOND,
  /** From SIGTERM to SIGKILL. Measured: below 50 ms. */
  grace: 2 * SECOND,
  /** For `--version` and `auth status`. */
  probe: 10 * SECOND,
  /** For a turn that proves the credential. */
  probeTurn: MINUTE,
  /** The program waits out a rate limit by itself; beyond this a fallback is better for the sender. */
  retryWait: 5 * SECOND,
  /** Messages API: 5 MB for one image. */
  imageBytes: 5_000_000,
  imagesBytes: 20_000_000,
  /** What is shown of words that weren't understood. In UTF-16 units. */
  sample: 500,
  /** Frames that may wait for the reader before the program is made to wait. */
  queuedFrames: 500,
  /** Sessions whose total cost is remembered. */
  costs: 1000,
} as const;

/** What the program is told where the configuration says nothing else. */
export const CLAUDE_ENVIRONMENT: Readonly<Record<string, string>> = {
  DISABLE_AUTOUPDATER: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  CLAUDE_CODE_MAX_RETRIES: "2",
};
