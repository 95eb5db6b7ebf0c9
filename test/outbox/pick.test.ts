import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DELIVERY_LINE } from "../../src/core/delivery.ts";
import { pickNext, rankOf, type LineView } from "../../src/outbox/pick.ts";

const view = (rank: number, dueIn: number | null, room = 0): LineView => ({
  rank,
  dueIn,
  roomIn: () => room,
});
const views = fc.array(
  fc.record({
    rank: fc.nat({ max: 2 }),
    dueIn: fc.option(fc.oneof(fc.constant(0), fc.nat({ max: 100 }))),
    room: fc.oneof(fc.constant(0), fc.nat({ max: 100 })),
  }),
  { maxLength: 30 },
);

describe("the next line", () => {
  it("is the one that waited longest for its turn, of those that matter most", () => {
    fc.assert(
      fc.property(views, (drawn) => {
        const lines = drawn.map(({ rank, dueIn, room }) => view(rank, dueIn, room));
        const { line, wait } = pickNext(lines);
        const ready = lines.filter(({ dueIn, roomIn }) => dueIn === 0 && roomIn() === 0);
        const best = Math.min(...ready.map(({ rank }) => rank));
        assert.equal(line, ready.find(({ rank }) => rank === best) ?? null);
        const waits = lines.flatMap(({ dueIn, roomIn }) =>
          dueIn === null ? [] : [dueIn > 0 ? dueIn : roomIn()],
        );
        assert.equal(wait, ready.length > 0 || waits.length === 0 ? null : Math.min(...waits));
      }),
    );
  });

  it("gives each chat its turn, whatever waits in another one", () => {
    const backlog = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(backlog, fc.integer({ min: 1, max: 60 }), (backlogs, rounds) => {
        let order = backlogs.map((left, chat) => ({ ...view(1, 0), chat, left }));
        const served = new Map<number, number>();
        for (let i = 0; i < rounds && order.length > 0; i++) {
          const { line } = pickNext(order);
          assert.ok(line);
          served.set(line.chat, (served.get(line.chat) ?? 0) + 1);
          order = order.filter((one) => one !== line);
          if (line.left > 1) order.push({ ...line, left: line.left - 1 });
        }
        const most = Math.max(...served.values());
        for (const [chat, left] of backlogs.entries())
          assert.ok((served.get(chat) ?? 0) >= Math.min(left, most - 1), `chat ${chat} had to wait`);
      }),
    );
  });

  it("is a live view only when nothing that people wait for can go", () => {
    const live = view(rankOf(DELIVERY_LINE.progress), 0);
    const reply = view(rankOf(DELIVERY_LINE.reply), 0);
    assert.equal(pickNext([live, reply]).line, reply);
    assert.equal(pickNext([live, view(1, 0, 50)]).line, live);
    assert.equal(pickNext([reply, view(rankOf(DELIVERY_LINE.alert), 0)]).line?.rank, 0);
    assert.equal(rankOf(DELIVERY_LINE.command), rankOf(DELIVERY_LINE.reply));
  });
});
