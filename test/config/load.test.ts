import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { KINDS } from "./from-text.ts";

let dir = "";
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollcall-config-"));
});
after(() => rm(dir, { recursive: true, force: true }));

async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

async function failure(path: string): Promise<RollcallError> {
  try {
    await loadConfig(path, { kinds: KINDS });
  } catch (error) {
    if (error instanceof RollcallError) return error;
    throw error;
  }
  return assert.fail("it loaded");
}

describe("a configuration file", () => {
  it("is read, with its folder and its text", async () => {
    const path = await file("good.json5", "{ agents: { list: [{ id: 'main', workspace: './w' }] } }");
    const loaded = await loadConfig(path, { kinds: KINDS });
    assert.equal(loaded.path, path);
    assert.equal(loaded.baseDir, dir);
    assert.equal(loaded.config.agents.list[0].workspace, join(dir, "w"));
    assert.match(loaded.text, /workspace/);
  });

  it("puts workspaces that nobody named where it is told", async () => {
    const path = await file("plain.yaml", "owners: []\n");
    const { config } = await loadConfig(path, { kinds: KINDS, workspaces: "/state/workspaces" });
    assert.equal(config.agents.list[0].workspace, "/state/workspaces/main");
  });

  it("that isn't there is missing", async () => {
    const error = await failure(join(dir, "none.json5"));
    assert.deepEqual([error.code, error.exit], ["config-missing", 78]);
    assert.equal((await failure(join(dir, "none"))).code, "config-missing");
    assert.equal((await failure(join(await file("plain.txt", ""), "x.json5"))).code, "config-missing");
  });

  it("that is a directory, a device or too large can't be read", async () => {
    await mkdir(join(dir, "folder.json5"));
    assert.match((await failure(join(dir, "folder.json5"))).detail ?? "", /it is a directory$/);
    const large = await file("large.json5", " ".repeat(1024 * 1024 + 1));
    assert.match((await failure(large)).detail ?? "", /larger than 1048576 bytes$/);
    assert.equal((await failure(await file("x.toml", ""))).code, "config-unreadable");
  });

  it(
    "that the system refuses can't be read",
    { skip: process.getuid?.() === 0 && "root may read everything" },
    async () => {
      const path = await file("closed.json5", "{}");
      await chmod(path, 0);
      assert.match((await failure(path)).detail ?? "", /EACCES/);
    },
  );

  it("says where its syntax breaks, and that it isn't UTF-8", async () => {
    const error = await failure(await file("broken.json5", "{\n owners: ]\n}"));
    assert.equal(error.code, "config-syntax");
    assert.match(error.detail ?? "", /broken\.json5, line 2, column 10: invalid character ']'$/);
    assert.match(
      (await failure(await file("latin.json5", Buffer.from([0x7b, 0xe9, 0x7d])))).detail ?? "",
      /not UTF-8$/,
    );
  });

  it("names the first key at fault beside all lines", async () => {
    const error = await failure(await file("typo.json5", "{ gateway: { prot: 1 }, ownners: [] }"));
    assert.equal(error.code, "config-invalid");
    assert.equal(error.exit, 78);
    assert.equal(error.at, "gateway.prot");
    assert.equal(error.detail?.split("\n").length, 2);
  });
});
