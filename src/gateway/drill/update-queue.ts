/** Updates of one bot that nobody has confirmed, as the Bot API keeps them: `getUpdates` with an offset confirms. */
export interface UpdateQueue {
  push(update: Readonly<Record<string, unknown>>): void;
  /** Resolves with what waits, at once or when something comes, or with nothing after `timeout` seconds. */
  poll(offset: number, limit: number, timeout: number): Promise<readonly unknown[]>;
  /** Lets go of whoever waits. */
  close(): void;
}

export function createUpdateQueue(): UpdateQueue {
  let next = 1;
  let waiting: { readonly update_id: number }[] = [];
  let wake = (): void => undefined;
  return {
    push(update) {
      waiting.push({ update_id: next++, ...update });
      wake();
    },
    poll(offset, limit, timeout) {
      // A newer poll ends the older one.
      wake();
      if (offset > 0) waiting = waiting.filter(({ update_id: id }) => id >= offset);
      if (waiting.length > 0) return Promise.resolve(waiting.slice(0, limit));
      return new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          wake = () => undefined;
          resolve(waiting.slice(0, limit));
        };
        const timer = setTimeout(end, timeout * 1000);
        wake = end;
      });
    },
    close: () => wake(),
  };
}
