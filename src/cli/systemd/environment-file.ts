import { dirname } from "node:path";
import type { ServiceFacts } from "../../gateway/unit-facts.ts";

export type Environment = Readonly<Record<string, string>>;

/** Where programs of the system are. */
const SYSTEM_PATH = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
/** Variables that programs need to find the network, their files and the user's language; taken when they are set. */
const USEFUL =
  "USER LOGNAME SHELL LANG LC_ALL TZ TMPDIR " +
  "XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME " +
  "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy " +
  "SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS";

/**
 * The environment of the service: a PATH on which every program of the configuration is found where it is found now,
 * the home that holds their logins, and the variables that the configuration refers to. Nothing else of the shell that
 * installs it. Pure.
 *
 * @param home of the account that the service runs as
 * @param node where a Node of the system's own is: programs that are scripts look for one
 */
export function serviceEnvironment(
  facts: Pick<ServiceFacts, "programs" | "variables">,
  env: NodeJS.ProcessEnv,
  { home, node, user }: { readonly home: string; readonly node: string | null; readonly user: string | null },
): Environment {
  const places = [...facts.programs.map(({ path }) => path), node].filter((path) => path !== null);
  const path = [...new Set([...places.map((one) => dirname(one)), ...SYSTEM_PATH])].join(":");
  const taken = [...USEFUL.split(" "), ...facts.variables].flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const account = user === null ? {} : { USER: user, LOGNAME: user };
  // The folders of whoever installs it are not those of another account.
  const own = user === null ? taken : taken.filter(([name]) => !/^XDG_|^SHELL$|^TMPDIR$/.test(name));
  return { ...Object.fromEntries(own), ...account, PATH: path, HOME: home };
}

/** As systemd.exec(5), "EnvironmentFile", reads it; a shell reads it alike. Pure. */
export function environmentText(environment: Environment): string {
  const lines = Object.entries(environment)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${value.replace(/[\\"`$]/g, "\\$&")}"`);
  return `# Written by "rollcall service". It may hold secrets: readable by its owner alone.\n${lines.join("\n")}\n`;
}
