/** What a reload tells the supervisor of this process; nothing when there is none. */
export interface Supervision {
  /** A reload has begun. Every reload ends in {@link ready}, a refused one too. */
  reloading(): void;
  /** @param status one line: how the gateway stands now */
  ready(status: string): void;
}
