import { importsOf, target } from "./imports.ts";
import type { Finding, Source } from "./tree.ts";

/** Which folders of src/ a folder may import beside itself. What isn't here doesn't exist. */
export const EDGES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ports: ["core"],
  channels: ["core", "ports"],
  inbox: ["core", "ports"],
  router: ["core", "ports"],
  sessions: ["core", "ports"],
  harnesses: ["core", "ports"],
  outbox: ["core", "ports"],
  poison: ["core", "ports"],
  store: ["core", "ports"],
  registry: ["core", "ports"],
  health: ["core", "ports"],
  alerts: ["core", "ports"],
  archive: ["core", "ports"],
  boot: ["core", "ports"],
  http: ["core", "ports"],
  config: ["core", "ports"],
  platform: ["core", "ports"],
  gateway: [
    "core",
    "ports",
    "channels",
    "inbox",
    "router",
    "sessions",
    "harnesses",
    "outbox",
    "poison",
    "store",
    "registry",
    "health",
    "alerts",
    "archive",
    "boot",
    "http",
    "config",
    "platform",
    "plugin",
  ],
  plugin: ["core", "ports"],
  cli: ["core", "ports", "gateway"],
  main: ["core", "ports", "gateway", "cli"],
};

/** Folders whose subfolders are adapters: only the gateway's catalog knows them, and they don't know each other. */
const ADAPTERS = ["channels", "harnesses", "store"];

/** Folders of decisions and words: nothing of the machine, and no package, at run time. */
const PURE: Readonly<Record<string, "nothing" | "types">> = {
  core: "nothing",
  ports: "types",
  router: "types",
};

interface Place {
  readonly folder: string;
  readonly adapter: string | undefined;
}

export function matrixFindings(sources: readonly Source[]): Finding[] {
  return sources.flatMap((source) => {
    const place = placeOf(source.path);
    if (place === undefined) return [];
    if (EDGES[place.folder] === undefined)
      return [{ path: source.path, what: `folder ${place.folder} is not in the matrix` }];
    return importsOf(source).flatMap(({ specifier, typeOnly, line }) => {
      const to = target(source.path, specifier);
      const what = to === undefined ? packageFault(place, typeOnly) : edgeFault(place, to);
      return what === undefined ? [] : [{ path: source.path, line, what: `${what} (${specifier})` }];
    });
  });
}

function packageFault(place: Place, typeOnly: boolean): string | undefined {
  const pure = PURE[place.folder];
  if (pure === undefined || (pure === "types" && typeOnly)) return undefined;
  return pure === "types"
    ? `${place.folder} imports only types from outside`
    : `${place.folder} imports nothing from outside`;
}

function edgeFault(from: Place, to: string): string | undefined {
  const there = placeOf(to);
  // Files beside src/ (package.json, the built page) are data; code outside of src/ is no part of the program.
  if (there === undefined) return /\.(?:ts|tsx)$/.test(to) ? "leaves src" : undefined;
  if (there.folder !== from.folder) {
    return EDGES[from.folder]?.includes(there.folder) === true
      ? undefined
      : `${from.folder} must not import ${there.folder}`;
  }
  if (there.adapter === undefined || there.adapter === from.adapter) return undefined;
  if (from.adapter !== undefined) return `adapter ${from.adapter} must not import adapter ${there.adapter}`;
  return `what adapters share must not import adapter ${there.adapter}`;
}

function placeOf(file: string): Place | undefined {
  const [root, folder = "", ...rest] = file.split("/");
  if (root !== "src") return undefined;
  if (rest.length === 0) return { folder: folder.replace(/\.ts$/, ""), adapter: undefined };
  const adapter = ADAPTERS.includes(folder) && rest.length > 1 ? rest[0] : undefined;
  return { folder, adapter };
}
