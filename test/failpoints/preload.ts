// Loaded before the program (`node --import`): puts the failpoints around its ports. Nothing of the program knows of it:
// where a module below is imported, its wrapper is given instead, which makes the same things with points around them.
import { registerHooks } from "node:module";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { FAILPOINT, PASSED } from "./points.ts";

const WRAPPED: Readonly<Record<string, string>> = {
  "../../src/boot/boot.ts": "./wrapped/boot.ts",
  "../../src/channels/telegram/channel.ts": "./wrapped/telegram.ts",
  "../../src/harnesses/claude-cli/claude-cli.ts": "./wrapped/claude-cli.ts",
  "../../src/inbox/accept.ts": "./wrapped/inbox.ts",
  "../../src/outbox/outbox.ts": "./wrapped/outbox.ts",
  "../../src/platform/processes.ts": "./wrapped/processes.ts",
  "../../src/registry/registry.ts": "./wrapped/registry.ts",
  "../../src/sessions/recover.ts": "./wrapped/recover.ts",
  "../../src/store/sqlite/mark.ts": "./wrapped/mark.ts",
  "../../src/store/sqlite/open.ts": "./wrapped/store.ts",
};

if (isMainThread) {
  const urlOf = (file: string): string => new URL(file, import.meta.url).href;
  const wrappers = new Map(Object.entries(WRAPPED).map(([real, wrapper]) => [urlOf(real), urlOf(wrapper)]));
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const wrapper = wrappers.get(found.url);
      return wrapper === undefined || context.parentURL === wrapper ? found : { ...found, url: wrapper };
    },
  });
  process.stderr.write(
    `FAILPOINTS ARE ON: ${process.env[FAILPOINT] ?? process.env[PASSED] ?? "none is set"}. For tests alone.\n`,
  );
  // Its children are no gateways.
  await import("./wire.ts");
}
