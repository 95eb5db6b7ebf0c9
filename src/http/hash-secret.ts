import { createHash } from "node:crypto";

/** SHA-256 in hex: what is kept of tokens, codes and sessions instead of themselves. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
