import { messageOf } from "../../core/errors.ts";
import { SECOND } from "../../core/time.ts";
import type { AlertRouteKind, Receipt } from "../../ports/alert-route.ts";
import type { Processes, SpawnSpec } from "../../ports/process.ts";
import { wireOf } from "../words.ts";
import type { CommandRouteOptions } from "./schema.ts";

const DEADLINE = 10 * SECOND;

/** What a notifier may need of the gateway's environment. Secrets of ours are not among it. */
const INHERITED =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|TERM|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|SSL_CERT_FILE|SSL_CERT_DIR|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$/;

/** Runs a program with the alert as JSON on its standard input. Delivered when it ends with 0. */
export const commandRoute: AlertRouteKind<CommandRouteOptions> = {
  kind: "command",
  schema: async () => (await import("./schema.ts")).commandRouteSchema,
  async plan(section) {
    const { id: name, options, baseDir } = section;
    const [command, ...args] = options.command;
    const own: Record<string, string> = {};
    for (const [variable, value] of Object.entries(options.env))
      own[variable] = typeof value === "string" ? value : await section.secret(value, `env.${variable}`);
    return {
      name,
      over: null,
      open: (deps) => ({
        name,
        deadline: DEADLINE,
        problem: () => null,
        async send(alert, signal) {
          const env = { ...inherited(deps.env), ...own };
          const input = `${JSON.stringify(wireOf(alert, deps))}\n`;
          try {
            return await run(deps.processes, { command, args, cwd: baseDir, env }, input, signal);
          } catch (error) {
            return { ok: false, detail: messageOf(error) };
          }
        },
      }),
    };
  },
};

async function run(
  processes: Processes,
  spec: SpawnSpec,
  input: string,
  signal: AbortSignal,
): Promise<Receipt> {
  const child = await processes.spawn(spec);
  const cut = (): void => void child.end(0);
  signal.addEventListener("abort", cut, { once: true });
  child.stdout.resume();
  child.stdin.end(input);
  const { code, signal: by } = await child.exited;
  signal.removeEventListener("abort", cut);
  const words = child.stderrTail().trim().split("\n").at(-1) ?? "";
  await child.end(0);
  return {
    ok: code === 0,
    detail: `it ended with ${code ?? by ?? "nothing"}${code === 0 || words === "" ? "" : `: ${words}`}`,
  };
}

function inherited(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && INHERITED.test(name) ? [[name, value] as const] : [],
    ),
  );
}
