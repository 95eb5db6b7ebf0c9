import * as real from "../../../src/harnesses/claude-cli/claude-cli.ts";
import type { Harness, HarnessSession } from "../../../src/ports/harness.ts";
import { around, pass } from "../pass.ts";

export const claudeCli: typeof real.claudeCli = {
  ...real.claudeCli,
  async plan(section) {
    const plan = await real.claudeCli.plan(section);
    return { ...plan, create: (deps) => pointed(plan.create(deps)) };
  },
};

function pointed(harness: Harness): Harness {
  return {
    ...harness,
    open: async (spec, signal) => session(await around("harness.open", () => harness.open(spec, signal))),
    ...(harness.transcript !== undefined && {
      transcript: (...args: Parameters<NonNullable<Harness["transcript"]>>) =>
        around("harness.transcript", () => harness.transcript?.(...args) ?? { kind: "absent" }),
    }),
  };
}

function session(opened: HarnessSession): HarnessSession {
  return {
    ...opened,
    async *prompt(prompt, signal) {
      pass("harness.prompt:before");
      let first = true;
      for await (const event of opened.prompt(prompt, signal)) {
        if (first) pass("harness.event:first");
        first = false;
        if (event.kind === "final") pass("harness.event:final");
        yield event;
      }
    },
  };
}
