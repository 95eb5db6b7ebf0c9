/**
 * Variables that a harness may inherit: what a program needs to find itself, its login, the network and the user's
 * language. Everything else stays with the gateway, so that no key that happens to be in its environment changes who
 * pays. A trailing `*` stands for any ending.
 */
export const INHERITED = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "LC_*",
  "TERM",
  "COLORTERM",
  "TMPDIR",
  "TZ",
  "XDG_*",
  "DBUS_SESSION_BUS_ADDRESS",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  // Windows finds nothing without these.
  "SystemRoot",
  "USERPROFILE",
  "APPDATA",
  "LOCALAPPDATA",
  "PATHEXT",
] as const;

/** The part of an environment that `names` allow. Pure. */
export function inheritedEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const exact = new Set(names);
  const starts = names.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (exact.has(name) || starts.some((start) => name.startsWith(start))))
      picked[name] = value;
  }
  return picked;
}
