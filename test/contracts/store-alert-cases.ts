import assert from "node:assert/strict";
import type { Incident, QueuedAlert } from "../../src/core/alert.ts";
import { alertOf } from "../../src/alerts/words.ts";
import { sampleIncident } from "../fakes/alerts.ts";
import type { StoreCases } from "./store-suite.ts";

function queued(incident: Incident, n = 0): QueuedAlert {
  return { alert: alertOf({ ...incident, alerts: n }, "raised", 1, 0), state: "pending", route: null };
}

export const alertCases: StoreCases = {
  "incidents and alerts are kept as they were last written": async ({ store, reopen }) => {
    const [one, two] = [sampleIncident({ since: 1 }), sampleIncident({ since: 2 })];
    await store.saveAlerts({ incidents: [one, two], alerts: [queued(one), queued(two)] });
    await store.saveAlerts({
      incidents: [{ ...one, status: "closed" }],
      alerts: [{ ...queued(one), state: "delivered", route: "webhook" }],
    });
    const again = await reopen();
    assert.deepEqual(await again.openIncidents(), [two]);
    assert.deepEqual(
      (await again.incidents(10)).map(({ id, status }) => [id, status]),
      [
        [two.id, "open"],
        [one.id, "closed"],
      ],
    );
    assert.deepEqual(await again.incidents(1), [two]);
    assert.deepEqual(await again.pendingAlerts(), [queued(two)]);
  },

  "alerts that wait come in the order in which they were made": async ({ store }) => {
    const incident = sampleIncident();
    await store.saveAlerts({ incidents: [incident], alerts: [queued(incident, 0), queued(incident, 1)] });
    await store.saveAlerts({ incidents: [], alerts: [queued(incident, 2), queued(incident, 0)] });
    assert.deepEqual(
      (await store.pendingAlerts()).map(({ alert }) => alert.id),
      [1, 2, 3].map((n) => `${incident.id}.${n}`),
    );
  },

  "what is over is bounded; what waits or is open never goes": async ({ store }) => {
    const open = sampleIncident({ since: 0 });
    await store.saveAlerts({ incidents: [open], alerts: [queued(open)] });
    const closed = Array.from({ length: 600 }, (_, n) => sampleIncident({ since: n + 1, status: "closed" }));
    const ended = Array.from({ length: 1200 }, (_, n) => ({
      ...queued(open, n + 1),
      state: "delivered" as const,
    }));
    await store.saveAlerts({ incidents: closed, alerts: ended });
    await store.saveAlerts({ incidents: [], alerts: [] });
    assert.deepEqual(await store.openIncidents(), [open]);
    assert.equal((await store.incidents(10_000)).length, 502);
    assert.deepEqual(await store.pendingAlerts(), [queued(open)]);
  },
};
