import { existsSync, realpathSync } from "node:fs";
import { registerHooks } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** How plugins are found and imported. A seam: tests bring modules of their own. */
export interface Importer {
  /**
   * Names the module that is meant: equal text, equal module. Resolves nothing that needs the module itself.
   *
   * @throws PluginMissing
   */
  locate(spec: string, baseDir: string): string;
  /** Imports what `locate` named; rejects with whatever the import says. */
  load(place: string): Promise<unknown>;
  /** URL of the module's file, once it was found: the way from a line of a stack to its plugin. */
  fileOf(place: string): string | undefined;
}

class PluginMissing extends Error {
  constructor(path: string) {
    super(`there is no file ${path}`);
    this.name = "PluginMissing";
  }
}

const PACKAGE = "rollcall-plugin:";
/** What plugins import: always the running program's own code, so that its error classes are the same everywhere. */
const OWN_NAME = "rollcall/plugin";

/**
 * Imports by Node.js itself: TypeScript and JavaScript by file path, relative to the configuration's folder; packages
 * as that folder sees them.
 *
 * @param own URL of the module that `rollcall/plugin` means
 */
export function createImporter(own: string): Importer {
  const files = new Map<string, string>();
  let hooked = false;
  const hook = (): void => {
    if (hooked) return;
    hooked = true;
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === OWN_NAME) return { url: own, shortCircuit: true };
        if (!specifier.startsWith(PACKAGE)) return next(specifier, context);
        const [name, baseDir] = parsePlace(specifier);
        const parentURL = pathToFileURL(join(baseDir, "plugins")).href;
        const found = next(name, { ...context, parentURL });
        files.set(specifier, found.url);
        return found;
      },
    });
  };
  return {
    locate(spec, baseDir) {
      const path = filePath(spec, baseDir);
      if (path === undefined) return `${PACKAGE}${JSON.stringify([spec, baseDir])}`;
      if (!existsSync(path)) throw new PluginMissing(path);
      const place = pathToFileURL(realpathSync(path)).href;
      files.set(place, place);
      return place;
    },
    load(place) {
      hook();
      return import(place);
    },
    fileOf: (place) => files.get(place),
  };
}

function filePath(spec: string, baseDir: string): string | undefined {
  if (spec.startsWith("file:")) return fileURLToPath(spec);
  return /^\.{1,2}[/\\]/.test(spec) || isAbsolute(spec) ? resolve(baseDir, spec) : undefined;
}

function parsePlace(place: string): readonly [string, string] {
  return JSON.parse(place.slice(PACKAGE.length)) as [string, string];
}
