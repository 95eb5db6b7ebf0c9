// Plugins as objects of a test, imported when the test says so.
import type { Importer } from "../../src/registry/importer.ts";

class NoSuchFile extends Error {}

/** Maps what a configuration lists to what its import does. */
export function fakeImporter(modules: Readonly<Record<string, () => unknown>>): Importer {
  return {
    locate(spec) {
      if (!Object.hasOwn(modules, spec)) throw new NoSuchFile(`there is no file ${spec}`);
      return `file:///fake/${spec}`;
    },
    load: async (place) => ({ default: await modules[place.slice("file:///fake/".length)]?.() }),
    fileOf: (place) => place,
  };
}
