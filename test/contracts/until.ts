/** How long something may take before a test says that it never happens. A bound, never a measure. In milliseconds. */
const NEVER = 20_000;

/** Waits until something holds that real I/O brings about. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + NEVER;
  while (!(await holds())) {
    if (performance.now() > end) throw new RangeError(`never happened: ${what}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
