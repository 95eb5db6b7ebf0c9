import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { locateConfig, locateState, type LocateFrom } from "../../src/config/locate.ts";

function from(of: { flag?: string; env?: Record<string, string>; there?: readonly string[] }): LocateFrom {
  return {
    flag: of.flag,
    env: { HOME: "/home/of-user", ...of.env },
    cwd: "/work",
    exists: (path) => of.there?.includes(path) ?? false,
  };
}

const HERE = "/work/rollcall.json5";
const OF_USER = "/home/of-user/.config/rollcall/rollcall.json5";

describe("the configuration is found", () => {
  it("by flag, variable, working folder, then the user's folder", () => {
    const env = { ROLLCALL_CONFIG: "../by-env.yaml" };
    assert.equal(locateConfig(from({ flag: "x.json5", env, there: [HERE, OF_USER] })), "/work/x.json5");
    assert.equal(locateConfig(from({ env, there: [HERE, OF_USER] })), "/by-env.yaml");
    assert.equal(locateConfig(from({ there: [HERE, OF_USER] })), HERE);
    assert.equal(locateConfig(from({ there: [OF_USER] })), OF_USER);
    assert.equal(locateConfig(from({})), null);
  });

  it("in other languages, JSON5 first", () => {
    assert.equal(locateConfig(from({ there: ["/work/rollcall.yaml", OF_USER] })), "/work/rollcall.yaml");
    assert.equal(locateConfig(from({ there: ["/work/rollcall.yml", HERE] })), HERE);
  });

  it("by the base directory, unless that is relative; empty words count as none", () => {
    const there = ["/etc/xdg/rollcall/rollcall.json5", OF_USER];
    assert.equal(locateConfig(from({ env: { XDG_CONFIG_HOME: "/etc/xdg" }, there })), there[0]);
    assert.equal(
      locateConfig(from({ flag: "", env: { XDG_CONFIG_HOME: "xdg", ROLLCALL_CONFIG: "" }, there })),
      OF_USER,
    );
  });
});

describe("the state directory is found", () => {
  it("by flag, variable, an existing folder, then the user's folder", () => {
    const env = { ROLLCALL_STATE_DIR: "/var/lib/rollcall" };
    const there = ["/work/.rollcall"];
    assert.equal(locateState(from({ flag: "s", env, there })), "/work/s");
    assert.equal(locateState(from({ env, there })), "/var/lib/rollcall");
    assert.equal(locateState(from({ there })), "/work/.rollcall");
    assert.equal(locateState(from({})), "/home/of-user/.local/state/rollcall");
    assert.equal(locateState(from({ env: { XDG_STATE_HOME: "/s" } })), "/s/rollcall");
  });

  it("in the working folder for a trial, unless it is named", () => {
    assert.equal(locateState({ ...from({}), trial: true }), "/work/.rollcall");
    assert.equal(locateState({ ...from({ flag: "/s" }), trial: true }), "/s");
  });
});
