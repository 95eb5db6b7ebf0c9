/**
 * How much is measured of the store and of what durability costs. What is accepted while the agent is busy waits: all
 * rounds together stay below what a gateway lets wait.
 */
export interface StorePlan {
  readonly accepts: { readonly clients: number; readonly messages: number; readonly rounds: number };
  readonly whole: {
    readonly rounds: number;
    readonly loads: readonly { readonly conversations: number; readonly messages: number }[];
  };
  readonly recovery: { readonly messages: number; readonly conversations: number; readonly rounds: number };
  readonly history: {
    /** Ended messages in the store, in so many conversations. */
    readonly messages: number;
    readonly conversations: number;
    readonly starts: number;
    readonly rounds: number;
  };
  readonly offered: { readonly perSecond: number; readonly messages: number; readonly rounds: number };
}

/** Conversations among which messages are spread where the number of conversations isn't what is measured. */
export const CONVERSATIONS = 500;

export const STORE_PLANS = {
  full: {
    accepts: { clients: 64, messages: 3000, rounds: 5 },
    whole: {
      rounds: 4,
      loads: [
        { conversations: 1, messages: 300 },
        { conversations: 64, messages: 25 },
        { conversations: 1000, messages: 3 },
      ],
    },
    recovery: { messages: 10_000, conversations: 500, rounds: 2 },
    history: { messages: 1_000_000, conversations: 1000, starts: 5, rounds: 3 },
    offered: { perSecond: 1000, messages: 5000, rounds: 2 },
  },
  quick: {
    accepts: { clients: 64, messages: 1000, rounds: 2 },
    whole: {
      rounds: 2,
      loads: [
        { conversations: 1, messages: 50 },
        { conversations: 64, messages: 5 },
        { conversations: 1000, messages: 1 },
      ],
    },
    recovery: { messages: 1000, conversations: 500, rounds: 1 },
    history: { messages: 20_000, conversations: 1000, starts: 1, rounds: 1 },
    offered: { perSecond: 1000, messages: 2000, rounds: 2 },
  },
} as const satisfies Record<string, StorePlan>;
