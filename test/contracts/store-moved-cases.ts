import assert from "node:assert/strict";
import type { Store } from "../../src/ports/store.ts";
import {
  acceptOne,
  address,
  answered,
  AT,
  BATCH,
  delivery,
  entryNow,
  newEntry,
  send,
  sessionKey,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const OLD = { address: address("-5"), session: sessionKey("agent:main:telegram:group:-5") };
const NEW = { address: address("-1005"), session: sessionKey("agent:main:telegram:group:-1005") };

async function move(store: Store): Promise<void> {
  const results = await store.accept({
    ...BATCH,
    items: [{ kind: "moved", from: OLD.address, to: NEW.address }],
  });
  assert.deepEqual(results, [{ outcome: "ignored" }]);
}

export const movedCases: StoreCases = {
  "what waits goes on in the new place": async ({ store, reopen }) => {
    const threaded = { address: address("-5", "7"), session: sessionKey(`${OLD.session}:thread:7`) };
    const entry = await acceptOne(store, 1, OLD);
    await acceptOne(store, 2, threaded);
    await acceptOne(store, 3);
    await move(store);
    const again = await reopen();
    assert.deepEqual(await again.waitingSessions(), [
      NEW.session,
      `${NEW.session}:thread:7`,
      newEntry(3).session,
    ]);
    assert.deepEqual((await entryNow(again, entry.id)).address, NEW.address);
    assert.deepEqual((await entryNow(again, newEntry(2).id)).address, address("-1005", "7"));
    assert.deepEqual((await entryNow(again, newEntry(3).id)).address, address());
    assert.deepEqual(
      (await again.sessions(10)).map(({ key }) => key).toSorted(),
      [NEW.session, `${NEW.session}:thread:7`, newEntry(3).session].toSorted(),
    );
  },

  "the session's memory goes along": async ({ store }) => {
    const turn = await answered(store, 1, OLD);
    await store.setSessionModel(OLD.session, "echo/other");
    await move(store);
    assert.equal((await store.nativeSession(NEW.session, "echo"))?.native, "native-2");
    assert.equal(await store.nativeSession(OLD.session, "echo"), null);
    assert.equal(await store.sessionModel(NEW.session), "echo/other");
    assert.equal((await store.exchanges(NEW.session, 0, 5)).length, 1);
    assert.equal((await send(store, `reply:${turn.id}:0`)).length, 1);
  },

  "open deliveries and talk go along, sent ones stay": async ({ store }) => {
    const notice = (key: string) => delivery(key, { kind: "notice", address: OLD.address });
    await store.addDelivery(notice("sent"));
    await send(store, "sent");
    await store.addDelivery(notice("open"));
    await store.addDelivery({ ...notice("thread"), address: address("-5", "7") });
    await store.addDelivery({ ...notice("longer"), address: address("-55") });
    const line = { author: "Ada", text: "hello", at: AT };
    await store.accept({
      ...BATCH,
      items: [{ kind: "ignored", reason: "talk", groupLine: { address: OLD.address, line } }],
    });
    await move(store);
    const addressOf = async (key: string) => (await store.delivery(key))?.address;
    assert.deepEqual(await addressOf("sent"), OLD.address);
    assert.deepEqual(await addressOf("open"), NEW.address);
    assert.deepEqual(await addressOf("thread"), address("-1005", "7"));
    assert.deepEqual(await addressOf("longer"), address("-55"));
    assert.deepEqual(await store.groupTalk(NEW.address, 5), [line]);
  },

  "what still arrives under the old id is led on": async ({ store }) => {
    await move(store);
    await move(store);
    const entry = await acceptOne(store, 1, OLD);
    assert.deepEqual([entry.address, entry.session], [NEW.address, NEW.session]);
    await store.accept({ ...BATCH, items: [{ kind: "moved", from: NEW.address, to: address("-9") }] });
    assert.equal((await acceptOne(store, 2, OLD)).address.conversation, "-9");
    assert.equal((await entryNow(store, entry.id)).session, "agent:main:telegram:group:-9");
  },

  "a session that exists already in the new place is joined": async ({ store }) => {
    await answered(store, 1, OLD);
    await answered(store, 2, NEW);
    await store.resetSession(NEW.session, AT);
    await move(store);
    assert.deepEqual(
      (await store.exchanges(NEW.session, 0, 5)).map(({ text }) => text),
      ["text 1"],
    );
    assert.deepEqual(
      (await store.sessions(5)).map(({ key, messages }) => [key, messages]),
      [[NEW.session, 2]],
    );
  },

  "a shared session keeps its key": async ({ store }) => {
    const shared = sessionKey("agent:main:main");
    await acceptOne(store, 1, { ...OLD, session: shared });
    await move(store);
    assert.deepEqual(await store.waitingSessions(), [shared]);
    assert.deepEqual((await entryNow(store, newEntry(1).id)).address, NEW.address);
  },
};
