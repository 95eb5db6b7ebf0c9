import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { AlertRouteConfig, ChannelConfig } from "../../src/core/config.ts";
import {
  planAlertRoutes,
  planWhatWorks,
  routeWarning,
  type RouteInput,
} from "../../src/gateway/alert-routes.ts";
import { sampleConfig } from "../fakes/samples.ts";

const account = (names: readonly string[], enabled = true): ChannelConfig => ({
  enabled,
  accounts: Object.fromEntries(names.map((name) => [name, {}])),
});

function input(routes: readonly AlertRouteConfig[], owners: readonly string[] = []): RouteInput {
  return {
    config: sampleConfig({
      owners,
      alerts: { routes },
      channels: { web: account([]), telegram: account(["default"]), slack: account(["work"], false) },
    }),
    baseDir: "/nowhere",
    secrets: { resolve: async (_ref, at) => at },
  };
}

const chat = (to: string): AlertRouteConfig => ({ kind: "channel", options: { to } });
const hook: AlertRouteConfig = { kind: "webhook", options: { url: "http://127.0.0.1/hook" } };

describe("the routes of a configuration", () => {
  it("are the owners' chats where none is declared, as far as these are on configured channels", async () => {
    const plans = await planAlertRoutes(
      input([], ["telegram/default/1", "slack/work/2", "irc/x/3", "telegram/other/4", "web/default/5"]),
    );
    assert.deepEqual(
      plans.map(({ name, over }) => [name, over?.conversation]),
      [
        ["owner", "1"],
        ["owner#5", "5"],
      ],
    );
  });

  it("have names that tell two of a kind apart; the log needs no route", async () => {
    const plans = await planAlertRoutes(
      input([hook, { kind: "log", options: {} }, chat("telegram/default/1"), hook]),
    );
    assert.deepEqual(
      plans.map(({ name }) => name),
      ["webhook", "channel", "webhook#2"],
    );
  });

  for (const [what, route, code] of [
    ["a kind that nobody brings", { kind: "pigeon", options: {} }, "alert-route-unregistered"],
    ["a chat on no configured channel", chat("irc/default/1"), "alert-route-unregistered"],
    ["a chat on a channel that is off", chat("slack/work/1"), "alert-route-unregistered"],
    ["a chat of no configured account", chat("telegram/other/1"), "alert-route-unregistered"],
    ["options that are not allowed", { kind: "webhook", options: { uri: "x" } }, "config-invalid"],
    ["a kind that every object has", { kind: "constructor", options: {} }, "alert-route-unregistered"],
  ] as const) {
    it(`with ${what} is refused; a start that has failed goes on with the others`, async () => {
      await assert.rejects(planAlertRoutes(input([hook, route])), { code });
      assert.deepEqual(
        (await planWhatWorks(input([hook, route]))).map(({ name }) => name),
        ["webhook"],
      );
    });
  }

  it("are pointed out when all of them run over the channel that they report on", async () => {
    const warningOf = async (routes: readonly AlertRouteConfig[], owners: readonly string[] = []) =>
      routeWarning(await planAlertRoutes(input(routes, owners)));
    assert.match(
      (await warningOf([chat("telegram/default/1")])) ?? "",
      /every route runs over telegram\/default/,
    );
    assert.match(
      (await warningOf([], ["telegram/default/1", "telegram/default/2"])) ?? "",
      /telegram\/default/,
    );
    assert.equal(await warningOf([chat("telegram/default/1"), hook]), null);
    assert.equal(await warningOf([], ["telegram/default/1", "web/default/2"]), null);
    assert.equal(await warningOf([hook]), null);
    assert.equal(await warningOf([]), null);
  });
});
