/** The report of a gateway that is well, in the words of the API. Tests change what they are about. */
export interface FakeReport {
  status: string;
  version: string;
  startedAt: string;
  generation: number;
  failing: Record<string, unknown>[];
  degraded: string[];
  agents: { id: string; servable: boolean; candidates: Record<string, unknown>[] }[];
  harnesses: Record<string, unknown>[];
  channels: Record<string, unknown>[];
  waiting: number;
  held: number;
  custody: string;
  instance: string;
  intakeOpen: boolean;
  nextStart: { ok: boolean; code: string | null; reason: string | null };
}

export function fakeCandidate(model: string, to: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    harness: "claude-cli",
    model,
    available: true,
    level: "L3",
    code: null,
    detail: null,
    since: new Date().toISOString(),
    until: null,
    version: "2.1.0",
    paidBy: "subscription",
    ...to,
  };
}

export function createFakeReport(): FakeReport {
  const since = new Date().toISOString();
  const load = { running: 0, idle: 1, waiting: 0, max: 8 };
  const channel = { code: null, detail: null, since, lastReceiveAt: since, name: null, hints: [] };
  return {
    status: "ready",
    version: "0.1.0",
    startedAt: new Date(Date.now() - 3 * 3_600_000).toISOString(),
    generation: 1,
    failing: [],
    degraded: [],
    agents: [
      {
        id: "main",
        servable: true,
        candidates: [fakeCandidate("claude-opus-4-7"), fakeCandidate("claude-haiku-4-5", { level: "L2" })],
      },
    ],
    harnesses: [{ id: "claude-cli", kind: "claude-cli", ...load, paidBy: "subscription", version: "2.1.0" }],
    channels: [
      { channel: "web", account: "default", status: "connected", ...channel },
      { channel: "telegram", account: "default", status: "connected", ...channel, name: "@example_bot" },
    ],
    waiting: 0,
    held: 0,
    custody: "C2",
    instance: "test",
    intakeOpen: true,
    nextStart: { ok: true, code: null, reason: null },
  };
}
