import type { SecretRef } from "../core/secret.ts";

/** Turns references into secrets, and remembers every value, so that no log line ever shows one. */
export interface Secrets {
  /**
   * @param at the configuration key, for the error
   * @throws RollcallError `secret-unresolved`
   */
  resolve(ref: SecretRef, at: string): Promise<string>;
  /** Registers a secret of ours that came from elsewhere. */
  guard(value: string): void;
  /** A text with every known secret taken out. */
  redact(text: string): string;
}
