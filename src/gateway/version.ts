import { readFileSync } from "node:fs";

/** Root of the installed package, the same from `src/gateway` and from `dist/gateway`. */
export const packageRoot = new URL("../../", import.meta.url);

const manifest: unknown = JSON.parse(readFileSync(new URL("package.json", packageRoot), "utf8"));

/** Version of this program. */
export const version: string =
  typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "0.0.0";
