import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const executablePath = process.env["ROLLCALL_CHROMIUM"] ?? PLACES.find((place) => existsSync(place));

/** Why the tests with a browser are skipped; false when there is one. */
export const noBrowser: string | false =
  executablePath === undefined
    ? "there is no Chromium: install Debian's chromium, or name one in ROLLCALL_CHROMIUM"
    : false;

/** A browser with a fresh profile, which talks to nobody but the test. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
