import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  acknowledgeIncident,
  afterSaying,
  closeIfOver,
  dueOf,
  durationOf,
  healIncident,
  INCIDENT_TIMES,
  joins,
  reportIncident,
  type Say,
} from "../../src/alerts/incident.ts";
import { alertOf } from "../../src/alerts/words.ts";
import type { Incident } from "../../src/core/alert.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { sampleIncident } from "../fakes/alerts.ts";

interface Said {
  readonly say: Say;
  readonly at: number;
}

/** An incident in time: what happens to it, and what is said of it, looked at every second. */
function live(change: Partial<Incident> = {}, mutedUntil = 0) {
  const said: Said[] = [];
  const state = { incident: sampleIncident(change), now: 0, muted: mutedUntil };
  const look = (): void => {
    const say = dueOf(state.incident, state.now, state.muted);
    if (say !== null) {
      said.push({ say, at: state.now });
      state.incident = afterSaying(state.incident, say, state.now);
    }
    state.incident = closeIfOver(state.incident, state.now);
  };
  look();
  return {
    said,
    state,
    pass(span: number, step = SECOND) {
      for (const until = state.now + span; state.now < until;) {
        state.now = Math.min(until, state.now + step);
        look();
      }
    },
    heal: () => (state.incident = healIncident(state.incident, state.now)),
    /** False when the report belongs to a new incident. */
    report(): boolean {
      if (!joins(state.incident, state.now)) return false;
      state.incident = reportIncident(state.incident);
      look();
      return true;
    },
    acknowledge: () => (state.incident = acknowledgeIncident(state.incident, state.now)),
    texts: () => said.map(({ say }) => say),
  };
}

describe("an incident", () => {
  it("is told at once, again after 1 h and 4 h, then daily", () => {
    const one = live();
    one.pass(3 * DAY, MINUTE);
    assert.deepEqual(
      one.said.map(({ at }) => at),
      [0, HOUR, 4 * HOUR, DAY, 2 * DAY, 3 * DAY],
    );
    assert.deepEqual(one.texts().slice(0, 2), ["raised", "reminder"]);
  });

  it("is not told again once somebody has taken it over, but its end is", () => {
    const one = live();
    one.pass(2 * HOUR, MINUTE);
    one.acknowledge();
    one.pass(2 * DAY, MINUTE);
    one.heal();
    one.pass(MINUTE);
    assert.deepEqual(one.texts(), ["raised", "reminder", "resolved"]);
    assert.equal(one.state.incident.status, "closed");
  });

  it("says nothing of a heal that doesn't last", () => {
    const one = live();
    for (let i = 0; i < 20; i++) {
      one.pass(10 * SECOND);
      one.heal();
      one.pass(INCIDENT_TIMES.calm - SECOND);
      assert.equal(one.report(), true);
    }
    assert.deepEqual(one.texts(), ["raised"]);
    assert.equal(one.state.incident.occurrences, 21);
  });

  it("that comes back after its end was told is told once more, and then needs a minute of calm", () => {
    const one = live();
    one.pass(10 * SECOND);
    one.heal();
    one.pass(20 * SECOND);
    assert.deepEqual(one.texts(), ["raised", "resolved"]);
    for (let i = 0; i < 5; i++) {
      assert.equal(one.report(), true);
      one.pass(SECOND);
      one.heal();
      one.pass(40 * SECOND);
    }
    assert.deepEqual(one.texts(), ["raised", "resolved", "again"]);
    one.pass(20 * SECOND);
    assert.deepEqual(one.texts(), ["raised", "resolved", "again", "resolved"]);
    assert.equal(one.report(), false, "a minute after its heal it is another incident");
  });

  it("is told after the silence when it is still open, and never when it ended within", () => {
    const open = live({}, HOUR);
    open.pass(2 * HOUR, MINUTE);
    assert.deepEqual(open.said, [
      { say: "raised", at: HOUR },
      { say: "reminder", at: 2 * HOUR },
    ]);
    const over = live({}, HOUR);
    over.pass(MINUTE);
    over.heal();
    over.pass(2 * HOUR, MINUTE);
    assert.equal(over.state.incident.toldAt, null);
    assert.equal(over.state.incident.status, "closed");
  });

  it("that has happened and doesn't last ends with its acknowledgement, in silence", () => {
    const one = live({ lasting: false });
    one.pass(MINUTE);
    one.acknowledge();
    one.pass(DAY, MINUTE);
    assert.deepEqual(one.texts(), ["raised"]);
    assert.equal(one.state.incident.status, "closed");
  });

  it("makes up for no reminder that was missed while nobody ran", () => {
    const one = live();
    one.state.now = 5 * DAY + MINUTE;
    one.pass(SECOND);
    assert.deepEqual(one.texts(), ["raised", "reminder"]);
    assert.equal(one.state.incident.nextReminder, 6 * DAY);
  });

  it("says how long it lasted and what was answered since it began", () => {
    const healed = healIncident(sampleIncident({ since: 0, answeredBefore: 10 }), 12 * MINUTE + 3 * SECOND);
    const { severity, summary } = alertOf(healed, "resolved", 13 * MINUTE, 17);
    assert.equal(severity, "resolved");
    assert.match(summary, /^Over after 12m 3s: .* 7 messages were answered since it began\.$/);
    assert.equal(durationOf(healed, 20 * MINUTE), 12 * MINUTE + 3 * SECOND);
  });

  it("joins when the clock was set back", () => {
    const healed = healIncident(sampleIncident(), HOUR);
    assert.equal(joins(healed, HOUR - DAY), true);
    assert.equal(joins(healed, HOUR + MINUTE), false);
  });
});

type Step = { readonly kind: "pass"; readonly span: number } | { readonly kind: "heal" | "report" | "ack" };

const steps = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 200 }).map((s): Step => ({ kind: "pass", span: s * SECOND })),
    fc.constantFrom<Step>({ kind: "heal" }, { kind: "report" }, { kind: "ack" }),
  ),
  { maxLength: 60 },
);

describe("every history of an incident", () => {
  it("begins with its alert, alternates, never ends on a lie, and doesn't talk all the time", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const one = live();
        for (const step of history) {
          if (step.kind === "pass") one.pass(step.span);
          else if (step.kind === "heal") one.heal();
          else if (step.kind === "ack") one.acknowledge();
          else if (!one.report()) break;
        }
        const texts = one.texts();
        assert.equal(texts[0], "raised");
        assert.equal(texts.filter((say) => say === "raised").length, 1);
        for (const [i, say] of texts.entries()) {
          if (say === "resolved") assert.notEqual(texts[i - 1], "resolved");
          if (say === "again") assert.equal(texts[i - 1], "resolved");
          if (say === "reminder") assert.notEqual(texts[i - 1], "resolved");
        }
        // What people were told last is how it is, as soon as it is calm or open.
        const { incident } = one.state;
        if (incident.status === "open") assert.notEqual(texts.at(-1), "resolved");
        one.heal();
        one.pass(2 * MINUTE);
        assert.equal(one.texts().at(-1), "resolved");
        assert.equal(one.state.incident.status, "closed");
        const minutes = one.state.now / MINUTE;
        const allowed = 3 + 2 * minutes + one.state.now / HOUR;
        assert.ok(texts.length <= allowed, `${texts.length} alerts in ${minutes} minutes`);
      }),
    );
  });

  it("survives being written down at any moment", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const [kept, whole] = [live({ id: "i_1" as Incident["id"] }), live({ id: "i_1" as Incident["id"] })];
        for (const step of history) {
          for (const one of [kept, whole]) {
            if (step.kind === "pass") one.pass(step.span);
            else if (step.kind === "heal") one.heal();
            else if (step.kind === "ack") one.acknowledge();
            else one.report();
          }
          kept.state.incident = JSON.parse(JSON.stringify(kept.state.incident)) as Incident;
        }
        assert.deepEqual(kept.said, whole.said);
      }),
    );
  });
});
