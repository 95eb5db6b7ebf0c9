/** One way to serve an agent: a harness, and the model that it is asked for. */
export interface Candidate {
  readonly harness: string;
  /** `default` leaves the choice to the harness. */
  readonly model: string;
}

/** Splits `HARNESS/MODEL` at the first slash, since model names may hold slashes. Undefined when a part is empty. */
export function parseModelRef(text: string): Candidate | undefined {
  const slash = text.indexOf("/");
  if (slash < 1 || slash === text.length - 1) return undefined;
  return { harness: text.slice(0, slash), model: text.slice(slash + 1) };
}

/** Writes what {@link parseModelRef} reads. */
export function formatModelRef(candidate: Candidate): string {
  return `${candidate.harness}/${candidate.model}`;
}
