// Builds the chat page after an install. Tolerant on purpose: `npm ci --omit=dev` still runs `prepare`, and then
// the build tools are not there; the server says so on the page instead of failing the install.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const page = new URL("../ui/index.html", import.meta.url);

try {
  require.resolve("vite/package.json");
  require.resolve("preact/package.json");
} catch {
  process.stdout.write("prepare: build tools are not installed, the chat page is not built\n");
  process.exit(0);
}

if (existsSync(page)) {
  const { build } = await import("vite");
  await build({ root: new URL("../ui", import.meta.url).pathname, logLevel: "warn" });
}
