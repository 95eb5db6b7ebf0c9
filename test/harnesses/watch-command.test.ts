import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { watchCommand } from "../../src/harnesses/watch-command.ts";
import { systemClock } from "../../src/platform/clock.ts";

function folderFor(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-watch-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Watches, and gives the next call after something was done. */
function watched(t: TestContext, command: string, searchPath = ""): (act: () => void) => Promise<void> {
  let told = Promise.withResolvers<void>();
  t.after(watchCommand(systemClock, { command, searchPath }, () => told.resolve()));
  return (act) => {
    told = Promise.withResolvers<void>();
    act();
    return told.promise;
  };
}

test("a program that goes and comes is told, both times", async (t) => {
  const dir = folderFor(t);
  const file = join(dir, "agent");
  writeFileSync(file, "");
  const after = watched(t, file);
  await after(() => renameSync(file, `${file}.away`));
  await after(() => renameSync(`${file}.away`, file));
});

test("a bare name is watched in every folder of the PATH", async (t) => {
  const dir = folderFor(t);
  const [first, second] = [join(dir, "first"), join(dir, "second")];
  mkdirSync(first);
  mkdirSync(second);
  const after = watched(t, "agent", `${first}:relative:${second}`);
  await after(() => writeFileSync(join(second, "agent"), ""));
  await after(() => writeFileSync(join(first, "agent"), ""));
});

test("the program behind links is watched where it lies, and a link that turns elsewhere is followed", async (t) => {
  const dir = folderFor(t);
  for (const version of ["v1", "v2"]) {
    mkdirSync(join(dir, version));
    writeFileSync(join(dir, version, "agent"), "");
  }
  symlinkSync("v1", join(dir, "current"));
  symlinkSync(join(dir, "current", "agent"), join(dir, "agent"));
  const after = watched(t, join(dir, "agent"));
  await after(() => renameSync(join(dir, "v1", "agent"), join(dir, "v1", "gone")));
  await after(() => {
    symlinkSync("v2", join(dir, "next"));
    renameSync(join(dir, "next"), join(dir, "current"));
  });
  await after(() => rmSync(join(dir, "v2", "agent")));
});

test("a folder that isn't there yet is waited for", async (t) => {
  const dir = folderFor(t);
  const file = join(dir, "a", "b", "agent");
  const after = watched(t, file);
  await after(() => mkdirSync(join(dir, "a")));
  await after(() => mkdirSync(join(dir, "a", "b")));
  await after(() => writeFileSync(file, ""));
  await after(() => renameSync(join(dir, "a", "b"), join(dir, "a", "c")));
});
