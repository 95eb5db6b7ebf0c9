/**
 * An id that nobody else makes: 128 random bits. `crypto.randomUUID` isn't there on a page that came over plain HTTP
 * from another machine.
 */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
