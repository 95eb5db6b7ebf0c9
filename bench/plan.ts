/** How much is measured. `quick` shows that everything runs and gives rough figures; `full` is for comparing. */
export interface Plan {
  readonly starts: number;
  readonly idleRounds: number;
  readonly idleAfter: number;
  readonly latencyRounds: number;
  /** Conversations at once, and messages in each per round. */
  readonly loads: readonly { readonly conversations: number; readonly messages: number }[];
}

export const PLANS = {
  full: {
    starts: 15,
    idleRounds: 3,
    idleAfter: 5000,
    latencyRounds: 6,
    loads: [
      { conversations: 1, messages: 200 },
      { conversations: 20, messages: 25 },
      { conversations: 200, messages: 5 },
    ],
  },
  quick: {
    starts: 5,
    idleRounds: 1,
    idleAfter: 5000,
    latencyRounds: 3,
    loads: [
      { conversations: 1, messages: 50 },
      { conversations: 20, messages: 10 },
      { conversations: 200, messages: 2 },
    ],
  },
} as const satisfies Record<string, Plan>;

/**
 * Durable commits on the path of one message of the page or the API, one after another: accepted, claimed, prompted,
 * answered (which sends the answer, and makes the message done). The floor does as many.
 */
export const COMMITS_OF_A_MESSAGE = 4;
