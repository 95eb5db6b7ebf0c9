import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Address } from "../../src/core/address.ts";
import type { Delivery, DeliveryBody } from "../../src/core/delivery.ts";
import { RollcallError } from "../../src/core/errors.ts";
import type { DeliveryId } from "../../src/core/ids.ts";
import type { Channel, ChannelState, SendRequest } from "../../src/ports/channel.ts";
import type { RecordingIntake } from "./recording-intake.ts";
import { until } from "./until.ts";

/** What a platform can be made to do to the next send. */
export type SendTrouble = "unreachable" | "answer-lost" | "refused" | "paced";

/** A channel over a fake of its platform, as the suite drives it. */
export interface ChannelRig {
  readonly channel: Channel;
  readonly intake: RecordingIntake;
  /** A chat that can be sent to. */
  readonly address: Address;
  /** Somebody writes to the bot. */
  say(text: string): Promise<void>;
  /** Whether the platform still has something that it would deliver again. */
  unconfirmed(): Promise<boolean>;
  /** Texts that people see in `address`, from the bot, oldest first. */
  shown(): Promise<readonly string[]>;
  /** Makes the next send fail so; undefined where the platform can't. */
  trouble?(kind: SendTrouble): Promise<void>;
  /** Takes the platform away, or brings it back. */
  reachable?(yes: boolean): Promise<void>;
  /** Moves time on, where the rig's clock is a fake one. */
  pass(ms: number): Promise<void>;
  /** What the channel left behind: timers, connections. Empty when nothing. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The cases, by the names that a skip names. */
export type ChannelCase =
  | "receives"
  | "confirms after the intake"
  | "delivers again what was rejected"
  | "tells its state"
  | "survives an outage"
  | "ends on abort"
  | "plans purely"
  | "plans within bounds"
  | "sends"
  | SendTrouble;

export interface ChannelSuite {
  readonly name: string;
  open(): Promise<ChannelRig>;
  /** Cases that don't apply, each with its reason. */
  readonly skips?: Partial<Readonly<Record<ChannelCase, string>>>;
}

/** What every channel promises, whatever its platform. Run it for each channel, built in or of a plugin. */
export function channelSuite(suite: ChannelSuite): void {
  describe(`channel contract: ${suite.name}`, () => {
    let rig: ChannelRig;
    let stop: AbortController;
    let running: Promise<unknown>;
    beforeEach(async () => {
      rig = await suite.open();
      stop = new AbortController();
      running = Promise.resolve();
    });
    afterEach(async () => {
      stop.abort();
      await running;
      await rig.close();
    });
    const test = (name: ChannelCase, body: () => Promise<void>): void => {
      const skip = suite.skips?.[name];
      it(name, skip === undefined ? {} : { skip }, body);
    };
    const run = async (): Promise<void> => {
      running = rig.channel.run(stop.signal).catch((error: unknown) => error);
      await until(() => rig.channel.state().status === "connected", "connected");
    };
    receiving({ test, run, rig: () => rig, stop: () => stop, running: () => running });
    sending(test, () => rig);
  });
}

interface Running {
  readonly test: (name: ChannelCase, body: () => Promise<void>) => void;
  readonly run: () => Promise<void>;
  readonly rig: () => ChannelRig;
  readonly stop: () => AbortController;
  readonly running: () => Promise<unknown>;
}

function receiving({ test, run, rig, stop, running }: Running): void {
  test("receives", async () => {
    await run();
    await rig().say("hello");
    await until(() => rig().intake.messages.length === 1, "received");
    const [message] = rig().intake.messages;
    assert.equal(message?.body.text, "hello");
    assert.equal(message?.address.channel, rig().channel.kind);
    assert.equal(message?.address.account, rig().channel.account);
    assert.notEqual(message?.dedupeKey, "");
  });

  test("confirms after the intake", async () => {
    const release = rig().intake.hold();
    await run();
    await rig().say("hello");
    await until(() => rig().intake.offered.length === 1, "offered");
    await rig().pass(100);
    assert.equal(await rig().unconfirmed(), true);
    release();
    await until(async () => !(await rig().unconfirmed()), "confirmed");
    assert.equal(rig().intake.messages.length, 1);
  });

  test("delivers again what was rejected", async () => {
    await run();
    rig().intake.refuse(new RollcallError("store-full"));
    await rig().say("hello");
    await until(() => rig().intake.offered.length > 0, "offered");
    assert.equal(await rig().unconfirmed(), true);
    rig().intake.refuse(null);
    await until(async () => {
      await rig().pass(1000);
      return rig().intake.messages.length > 0;
    }, "delivered again");
    const [first, again] = [rig().intake.offered[0]?.items[0], rig().intake.messages[0]];
    assert.deepEqual(again, first);
    await until(async () => !(await rig().unconfirmed()), "confirmed");
  });

  test("tells its state", async () => {
    const seen: ChannelState["status"][] = [];
    assert.equal(rig().channel.state().status, "starting");
    assert.equal(rig().channel.state().lastReceive, null);
    rig().channel.onState(() => seen.push(rig().channel.state().status));
    await run();
    assert.notEqual(rig().channel.state().lastReceive, null);
    stop().abort();
    await running();
    assert.equal(rig().channel.state().status, "stopped");
    assert.deepEqual([...new Set(seen)].slice(-2), ["connected", "stopped"]);
  });

  test("survives an outage", async () => {
    await run();
    await rig().reachable?.(false);
    await until(async () => {
      await rig().pass(1000);
      return rig().channel.state().status === "failing";
    }, "failing");
    assert.equal(rig().channel.state().code, "channel-unreachable");
    await rig().say("meanwhile");
    await rig().reachable?.(true);
    await until(async () => {
      await rig().pass(1000);
      return rig().channel.state().status === "connected" && rig().intake.messages.length === 1;
    }, "connected again");
  });

  test("ends on abort", async () => {
    await run();
    stop().abort();
    assert.equal(await running(), undefined);
    await until(async () => (await rig().leftovers()).length === 0, "nothing left behind");
  });
}

function sending(test: Running["test"], rig: () => ChannelRig): void {
  test("plans purely", async () => {
    const reply = { text: "# One\n\ntwo ".repeat(900), files: [] };
    const context = { address: rig().address, quote: null, chat: "direct" } as const;
    const first = rig().channel.plan(reply, context);
    assert.deepEqual(rig().channel.plan(reply, context), first);
    assert.deepEqual(rig().channel.plan({ text: "", files: [] }, context), []);
  });

  test("plans within bounds", async () => {
    const context = { address: rig().address, quote: null, chat: "direct" } as const;
    for (const text of ["short", "word ".repeat(20_000), "x".repeat(100_000), "```\ncode\n".repeat(8000)]) {
      const bodies = rig().channel.plan({ text, files: [] }, context);
      assert.ok(bodies.length > 0 && bodies.length <= 10, `${bodies.length} parts`);
      const whole = bodies.map((body) => body.file?.content ?? body.text).join("");
      assert.ok(whole.length >= text.trim().length * 0.9, "something was lost");
    }
  });

  test("sends", async () => {
    const outcome = await rig().channel.send(
      requestOf(rig().address, { text: "hello **you**", format: "markdown" }),
      never(),
    );
    assert.equal(outcome.kind, "sent");
    await until(async () => (await rig().shown()).length === 1, "shown");
    assert.match((await rig().shown())[0] ?? "", /hello.*you/);
  });

  const classes = {
    unreachable: { outcome: "not-sent", copies: 0 },
    "answer-lost": { outcome: "in-doubt", copies: 1 },
    refused: { outcome: "refused", copies: 0 },
    paced: { outcome: "wait", copies: 0 },
  } as const;
  for (const [kind, expected] of Object.entries(classes) as [SendTrouble, (typeof classes)[SendTrouble]][]) {
    test(kind, async () => {
      await rig().trouble?.(kind);
      const outcome = await rig().channel.send(
        requestOf(rig().address, { text: "hello", format: "plain" }),
        never(),
      );
      assert.equal(outcome.kind, expected.outcome);
      assert.equal((await rig().shown()).length, expected.copies);
    });
  }
}

/** A signal that doesn't abort. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

/** A first try of a reply's only part. */
export function requestOf(
  address: Address,
  body: DeliveryBody,
  more: Partial<SendRequest> = {},
): SendRequest {
  return { delivery: deliveryOf(address, body), replaces: null, repeat: false, last: true, ...more };
}

export function deliveryOf(address: Address, body: DeliveryBody, more: Partial<Delivery> = {}): Delivery {
  return {
    id: "d_test" as DeliveryId,
    key: "reply:t_test:0",
    kind: "reply",
    address,
    body,
    entry: null,
    turn: null,
    part: 0,
    createdAt: 0,
    seq: 1,
    state: "sending",
    attempts: 1,
    inDoubt: false,
    notBefore: 0,
    platformId: null,
    ...more,
  };
}
