import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { codeOf, RollcallError } from "../core/errors.ts";
import type { Answer } from "./answer.ts";
import { HTTP_LIMITS } from "./limits.ts";

/** The built page, held in memory: replacing the install doesn't break the gateway that runs from it. */
export interface Page {
  /** The file at this path; undefined when there is none. `ifNoneMatch`: what the browser has already. */
  answer(path: string, ifNoneMatch: string | undefined): Answer | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Rollcall</title>
<h1>The page isn't built</h1>
<p>The gateway is running; only its page is missing. In the project's folder run <code>npm ci</code> without
<code>--ignore-scripts</code>, or <code>npm run build:ui</code>, and start the gateway again.</p>
<p>The API under <code>/api/v1</code> and the command line work without it.</p>
</html>
`;

interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/**
 * Reads every file of the page.
 *
 * @param dir null when the page isn't built: a text says so in its place
 * @throws RollcallError `bug` when the folder holds more than a page ever should
 */
export async function loadPage(dir: string | null): Promise<Page> {
  const files = dir === null ? new Map<string, PageFile>() : await readFiles(dir);
  return {
    answer(path, ifNoneMatch) {
      const name = path === "/" ? "/index.html" : path;
      const file = files.get(name);
      if (file === undefined) return name === "/index.html" ? notBuilt() : undefined;
      const headers = { etag: file.etag, "cache-control": cachingOf(name) };
      if (ifNoneMatch === file.etag) return { status: 304, headers };
      return { status: 200, headers: { ...headers, "content-type": file.type }, body: file.body };
    },
  };
}

function notBuilt(): Answer {
  return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: NOT_BUILT };
}

/** Names of built assets hold a hash of what is in them, so they never change. */
function cachingOf(name: string): string {
  if (name.endsWith(".html")) return "no-store";
  return name.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
}

async function readFiles(dir: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  let bytes = 0;
  for (const path of await listFiles(dir)) {
    const body = await readFile(path);
    bytes += body.byteLength;
    if (files.size >= HTTP_LIMITS.pageFiles || bytes > HTTP_LIMITS.pageBytes) {
      throw new RollcallError("bug", { detail: `${dir} holds more than a page` });
    }
    const name = `/${relative(dir, path).split(sep).join("/")}`;
    const hash = createHash("sha256").update(body).digest("base64url").slice(0, 22);
    files.set(name, {
      body,
      type: TYPES[extname(path).toLowerCase()] ?? "application/octet-stream",
      etag: `"${hash}"`,
    });
  }
  return files;
}

/** Plain files only: links out of the folder are not followed. */
async function listFiles(dir: string): Promise<readonly string[]> {
  try {
    const found = await readdir(dir, { recursive: true, withFileTypes: true });
    return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}
