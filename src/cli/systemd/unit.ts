import { SECOND, type Duration } from "../../core/time.ts";

/** Everything that a unit is made of. Paths are absolute. */
export interface UnitFacts {
  readonly node: string;
  readonly program: string;
  readonly configPath: string;
  readonly stateDir: string;
  readonly workingDir: string;
  readonly environmentFile: string;
  /** What a stop may take: the grace and everything after it. */
  readonly stopWithin: Duration;
  /** What a start may take until it listens. */
  readonly startWithin: Duration;
  /** Version of systemd; null when it isn't here, and then only what every version knows is used. */
  readonly systemd: number | null;
  /** The account that a unit of the system runs as; null for a unit of the user's own. */
  readonly user: string | null;
}

/** From this version on systemd sends the reload signal itself, and waits for the end of the reload. */
const NOTIFY_RELOAD = 253;
/** Between the end that the gateway promises and the supervisor's SIGKILL. */
const KILL_MARGIN: Duration = 5 * SECOND;
const WATCHDOG: Duration = 60 * SECOND;

/** Ends that another start would not change: wrong usage, what isn't there, the state, the configuration. */
export const NO_RESTART = [64, 69, 73, 78] as const;

/** A systemd unit. Pure. */
export function unitText(facts: UnitFacts): string {
  const { systemd, user } = facts;
  const reloads = systemd !== null && systemd >= NOTIFY_RELOAD;
  const start = [facts.node, facts.program, "start", "--config", facts.configPath, "--state", facts.stateDir];
  return `# Written by "rollcall service". Write it anew after a change of gateway.drain.grace or of the program's place.
[Unit]
Description=Rollcall gateway
${user === null ? "" : "Wants=network-online.target\nAfter=network-online.target\n"}# A start that fails again and again is left, and shown as failed.
StartLimitIntervalSec=600
StartLimitBurst=10

[Service]
Type=${reloads ? "notify-reload" : "notify"}
# The word to systemd goes through a small process of the gateway's own.
NotifyAccess=all
${user === null ? "" : `User=${user}\n`}WorkingDirectory=${specifiers(facts.workingDir)}
EnvironmentFile=${specifiers(facts.environmentFile)}
Environment=ROLLCALL_STOP_WITHIN=${seconds(facts.stopWithin)}s
ExecStart=${start.map(word).join(" ")}
${reloads ? "" : "ExecReload=/bin/kill -HUP $MAINPID\n"}TimeoutStartSec=${seconds(facts.startWithin)}
TimeoutStopSec=${seconds(facts.stopWithin + KILL_MARGIN)}
WatchdogSec=${seconds(WATCHDOG)}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=${NO_RESTART.join(" ")}
# The gateway ends what it started; only what is left after its end is killed.
KillMode=mixed
# An agent's program that takes all the memory must not take the gateway with it.
OOMPolicy=continue

[Install]
WantedBy=${user === null ? "default.target" : "multi-user.target"}
`;
}

function seconds(span: Duration): number {
  return Math.ceil(span / SECOND);
}

/** One word of a command line: systemd.service(5), "Command lines". */
function word(text: string): string {
  const plain = specifiers(text).replaceAll("$", "$$$$");
  return `"${plain.replace(/[\\"]/g, "\\$&")}"`;
}

function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}
