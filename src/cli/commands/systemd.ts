import { EXIT, RollcallError } from "../../core/errors.ts";
import type { Invocation, Run } from "../invocation.ts";
import { checkInside, giveStateDir, removeService, systemctl, writeService } from "../systemd/install.ts";
import { accountOf, placesOf, planService, systemdVersion, type ServicePlan } from "../systemd/plan-unit.ts";

export const run: Run = (invocation) => {
  if (invocation.command === "service install") return install(invocation);
  return invocation.command === "service uninstall" ? uninstall(invocation) : print(invocation);
};

const print: Run = async (invocation) => {
  const plan = await planService(invocation);
  tellMissing(invocation, plan);
  const { terminal } = invocation;
  terminal.out(`# ${plan.unitPath}\n${plan.unitText}`);
  // Values may be secrets: they are written by install alone, for their owner.
  const names = Object.keys(plan.environment).sort().join(" ");
  terminal.out(`\n# ${plan.unit.environmentFile} (mode 0600) sets: ${names}\n`);
  terminal.out(`# PATH=${plan.environment["PATH"] ?? ""}\n`);
  return EXIT.ok;
};

const install: Run = async (invocation) => {
  const { terminal } = invocation;
  const root = invocation.text("root");
  if (root === undefined && systemdVersion() === null) throw noSystemd();
  const plan = await planService(invocation);
  const account = accountOf(invocation);
  tellMissing(invocation, plan);
  terminal.out(`Checking in the environment of the service (PATH=${plan.environment["PATH"] ?? ""})\n`);
  const found = checkInside(terminal, plan, account);
  if (found !== EXIT.ok) {
    terminal.err(
      "rollcall: the service would not serve, so nothing was installed. Mend what the check says.\n",
    );
    return found;
  }
  writeService(plan, root ?? "");
  terminal.out(`wrote ${plan.unitPath}\nwrote ${plan.unit.environmentFile}\n`);
  if (root !== undefined) return EXIT.ok;
  giveStateDir(plan, account);
  systemctl(plan.system, ["daemon-reload"]);
  systemctl(plan.system, ["enable", "--now", `${plan.name}.service`]);
  terminal.out(`started; see: systemctl ${plan.system ? "" : "--user "}status ${plan.name}\n`);
  if (!plan.system) terminal.out("To keep it running while you are logged out: loginctl enable-linger\n");
  return EXIT.ok;
};

const uninstall: Run = async (invocation) => {
  const { terminal } = invocation;
  const { name, unitPath, environmentFile } = placesOf(invocation);
  const root = invocation.text("root");
  const system = invocation.text("system") !== undefined;
  if (root === undefined) {
    if (systemdVersion() === null) throw noSystemd();
    systemctl(system, ["disable", "--now", `${name}.service`]);
  }
  if (!removeService([unitPath, environmentFile], root ?? ""))
    throw new RollcallError("no-such-id", { detail: unitPath, fix: "See --name and --system." });
  if (root === undefined) systemctl(system, ["daemon-reload"]);
  terminal.out("removed; the configuration and the state directory are left as they are\n");
  return EXIT.ok;
};

/** A program that isn't there now may be put there later: said, not refused. The probe refuses what matters. */
function tellMissing({ terminal }: Invocation, plan: ServicePlan): void {
  for (const { command, path } of plan.facts.programs)
    if (path === null)
      terminal.err(`rollcall: ${command} is not on this PATH, so the service won't find it\n`);
  for (const name of plan.facts.variables)
    if (!(name in plan.environment))
      terminal.err(`rollcall: ${name} is not set here, so the service won't have it\n`);
}

function noSystemd(): RollcallError {
  return new RollcallError("service-refused", { detail: "there is no systemctl here" });
}
