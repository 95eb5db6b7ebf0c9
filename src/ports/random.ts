/** Randomness, as the only source of it, so that one seed repeats one run. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An unguessable text for tokens and codes: `bytes` of entropy, base64url. */
  secret(bytes: number): string;
  /** A version 4 UUID. */
  uuid(): string;
}
