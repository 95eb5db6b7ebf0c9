import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Builds the page from its sources into a folder, so that no test looks at an old build. */
export async function buildPage(outDir: string): Promise<void> {
  const { build } = await import("vite");
  await build({ root: path.join(ROOT, "ui"), logLevel: "warn", build: { outDir, emptyOutDir: true } });
}
