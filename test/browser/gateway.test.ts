// The page on the real gateway with its built-in echo: the whole way from the browser to the answer and back.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { makeHome, startGateway, type Gateway, type Home } from "../gateway/program.ts";
import { launchBrowser, noBrowser } from "./browser.ts";
import { buildPage } from "./build-page.ts";

const DIST = path.resolve(import.meta.dirname, "../../ui/dist");

/** Longest wait for something to be seen, in ms. A test that is right never waits that long. */
const PATIENCE = 20_000;

const MANY_WORDS = Array.from({ length: 40 }, (_, i) => `word${i + 1}`).join(" ");

/** A gateway whose echo takes its time between two words. */
function slowHome(t: TestContext): Home {
  const home = makeHome(t);
  const agents = { list: [{ id: "main", model: { primary: "echo/default" } }] };
  home.configure({ agents, harnesses: { echo: { delay: "80ms" } } });
  return home;
}

async function open(t: TestContext, browser: Browser, link: string): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(link);
  await page.getByRole("heading", { name: "Say something to main" }).waitFor();
  return page;
}

async function makeLink(gateway: Gateway): Promise<string> {
  const { json } = await gateway.api("/api/v1/links", { body: {} });
  return String(json["url"]);
}

async function write(page: Page, text: string): Promise<void> {
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill(text);
  await field.press("Enter");
}

void describe("the page on the gateway", { skip: noBrowser }, () => {
  let browser: Browser;
  before(async () => {
    // The gateway serves the build of the install. Where there is none, one is made; it is never replaced here, since
    // other tests may be reading it.
    if (!existsSync(path.join(DIST, "index.html"))) await buildPage(DIST);
    browser = await launchBrowser();
  });
  after(() => browser.close());

  void it("opens by the link of the banner, and a first message is answered", async (t) => {
    const gateway = await startGateway(t, makeHome(t), { args: ["--try"], env: { PATH: "/nowhere" } });
    const link = /http\S+#code=\S+/.exec(gateway.stderr())?.[0];
    assert.ok(link, gateway.stderr());
    const page = await open(t, browser, link);
    await write(page, "hello **gateway**");
    const exchange = page.locator("[data-id]");
    await exchange.locator("strong").getByText("gateway").waitFor();
    await exchange.getByText("Answered").waitFor();
    await page.reload();
    await exchange.getByText("Answered").waitFor();
    assert.equal(await exchange.count(), 1);
    await page.getByRole("link", { name: "Ready" }).click();
    await page.getByText("echo/default").waitFor();
    assert.equal(await gateway.stop(), 0);
  });

  void it("shows an answer while it grows, and stops it", async (t) => {
    const gateway = await startGateway(t, slowHome(t));
    const page = await open(t, browser, await makeLink(gateway));
    await write(page, MANY_WORDS);
    const answer = page.locator(".answer");
    await answer.getByText(/word3/).waitFor();
    assert.doesNotMatch((await answer.textContent()) ?? "", /word40/);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped", { exact: true }).first().waitFor();
    await write(page, "and now a short one");
    await answer.getByText("and now a short one").waitFor();
    await page.locator("[data-id]").last().getByText("Answered").waitFor();
    await gateway.stop();
  });

  void it("loses nothing when the gateway is killed, and sends once what was written meanwhile", async (t) => {
    const home = slowHome(t);
    const first = await startGateway(t, home);
    const page = await open(t, browser, await makeLink(first));
    await write(page, MANY_WORDS);
    await page.locator(".answer").getByText(/word3/).waitFor();
    await first.kill();
    await page.getByText("Not connected.").waitFor();
    await write(page, "written while it was away");
    await page.getByText("Not sent yet").waitFor();

    const second = await startGateway(t, home, { args: ["--port", new URL(first.url).port] });
    await page.locator(".answer").getByText("written while it was away").waitFor();
    await page.locator("[data-unsent]").waitFor({ state: "detached" });
    const { json } = await second.api("/api/v1/messages?limit=50");
    const messages = json["messages"] as readonly { readonly text: string; readonly state: string }[];
    assert.deepEqual(
      messages.map(({ text }) => text),
      ["written while it was away", MANY_WORDS],
    );
    await page
      .locator(".answer")
      .first()
      .getByText(/word40/)
      .waitFor();
    assert.equal(await page.locator("[data-id]").count(), 2);
    await second.stop();
  });
});
