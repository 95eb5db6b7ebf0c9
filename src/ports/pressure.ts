import type { ErrorCode } from "../core/errors.ts";
import type { Bytes } from "../core/size.ts";
import type { Instant } from "../core/time.ts";

/** Why nothing more is taken for now. It ends by itself. */
export interface IntakeClosed {
  readonly code: ErrorCode;
  /** For the operator: what is beyond which bound. */
  readonly detail: string;
  readonly since: Instant;
}

/** Whether more can be taken than waits already, by what the machine and the store have left. */
export interface Pressure {
  /** Null while the intake is open. Cheap; asked before every batch and every poll. */
  closed(): IntakeClosed | null;
  /** So much was accepted just now. */
  took(entries: number, bytes: Bytes): void;
}

/** What is left of the machine. Null where the system doesn't tell. */
export interface Machine {
  /** Of the file system with the state directory. */
  space(): Promise<{ readonly free: Bytes; readonly total: Bytes } | null>;
  /** File descriptors of this process. */
  descriptors(): Promise<{ readonly open: number; readonly limit: number } | null>;
}

/** What pressure sees of the store. */
export interface PressureStore {
  /** Size of what waits: bodies of messages that haven't come to their end. Costs grow with their number. */
  waitingBytes(): Promise<Bytes>;
}
