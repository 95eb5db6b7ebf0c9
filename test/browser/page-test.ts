import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startFakeApi, type FakeApi } from "../fakes/api/fake-api.ts";
import { launchBrowser } from "./browser.ts";
import { buildPage } from "./build-page.ts";

/** One browser and one built page for the tests of a file. */
export interface Stage {
  /** Runs a test on a gateway of its own, with a fresh profile; fails when the page logged an error. */
  run(test: (on: Open) => Promise<void>, options?: OpenOptions): Promise<void>;
  close(): Promise<void>;
}

export interface Open {
  readonly page: Page;
  readonly api: FakeApi;
  /** Keeps a picture, where ROLLCALL_PICTURES names a folder for them. */
  readonly picture: (name: string) => Promise<void>;
}

export interface OpenOptions extends BrowserContextOptions {
  /** Left out: the page is opened by a sign-in link. */
  readonly signedOut?: boolean;
  /** What is there before the page is opened. */
  readonly before?: (api: FakeApi) => void;
  /** Messages of the console that the test itself provokes. */
  readonly expected?: RegExp;
}

/** Longest wait for something to be seen, in ms. A test that is right never waits that long. */
const PATIENCE = 10_000;

export async function openStage(): Promise<Stage> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "rollcall-page-"));
  await buildPage(dir);
  const browser = await launchBrowser();
  return {
    run: (test, options = {}) => runOne(browser, dir, test, options),
    async close() {
      await browser.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function runOne(
  browser: Browser,
  dir: string,
  test: (on: Open) => Promise<void>,
  options: OpenOptions,
): Promise<void> {
  const { signedOut = false, before, expected, ...context } = options;
  const api = await startFakeApi(dir);
  const opened = await browser.newContext({
    viewport: { width: 1200, height: 800 },
    reducedMotion: "reduce",
    locale: "en-GB",
    ...context,
  });
  try {
    before?.(api);
    const page = await opened.newPage();
    page.setDefaultTimeout(PATIENCE);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && expected?.test(message.text()) !== true) errors.push(message.text());
    });
    await page.goto(signedOut ? api.url : api.link());
    await test({ page, api, picture: (name) => picture(page, name) });
    assert.deepEqual(errors, []);
  } finally {
    await opened.close();
    await api.close();
  }
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["ROLLCALL_PICTURES"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
