import { describe, it } from "node:test";
import type { Store } from "../../src/ports/store.ts";
import { assertWhole, integrityCases } from "./store-integrity-cases.ts";
import { accessCases } from "./store-access-cases.ts";
import { accountingCases } from "./store-accounting-cases.ts";
import { alertCases } from "./store-alert-cases.ts";
import { deadCases } from "./store-dead-cases.ts";
import { inboxCases } from "./store-inbox-cases.ts";
import { movedCases } from "./store-moved-cases.ts";
import { outboxCases } from "./store-outbox-cases.ts";
import { outboxPagesCases } from "./store-outbox-pages-cases.ts";
import { ownerCases } from "./store-owner-cases.ts";
import { readCases } from "./store-read-cases.ts";
import { recoveryCases } from "./store-recovery-cases.ts";
import { retentionCases } from "./store-retention-cases.ts";
import { sessionCases } from "./store-session-cases.ts";
import { suspectCases } from "./store-suspect-cases.ts";
import { turnCases } from "./store-turn-cases.ts";

/** An empty store of the engine under test, and what becomes of it. */
export interface OpenedStore {
  readonly store: Store;
  /** Lets the owner go as if its process had ended, and opens what it had committed. */
  readonly reopen: () => Promise<Store>;
  /** Closes whatever is open, and leaves nothing behind. */
  readonly close: () => Promise<void>;
}

/** What a store must do, by title. Each case gets an empty store. */
export type StoreCases = Readonly<Record<string, (opened: OpenedStore) => Promise<void>>>;

const AREAS: Readonly<Record<string, StoreCases>> = {
  inbox: inboxCases,
  "moved conversations": movedCases,
  turns: turnCases,
  recovery: recoveryCases,
  sessions: sessionCases,
  outbox: outboxCases,
  "pages of the outbox": outboxPagesCases,
  reads: readCases,
  "dead letters": deadCases,
  access: accessCases,
  alerts: alertCases,
  accounting: accountingCases,
  retention: retentionCases,
  suspects: suspectCases,
  integrity: integrityCases,
  owner: ownerCases,
};

/** The contract of the store port. Every engine passes all of it. */
export function storeSuite(name: string, open: () => Promise<OpenedStore>): void {
  describe(`store: ${name}`, () => {
    for (const [area, cases] of Object.entries(AREAS)) {
      describe(area, () => {
        for (const [title, run] of Object.entries(cases)) {
          it(title, async () => {
            const opened = await open();
            try {
              await run(opened);
              await assertWhole(await opened.reopen());
            } finally {
              await opened.close();
            }
          });
        }
      });
    }
  });
}
