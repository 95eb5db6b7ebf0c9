// For everybody: small screens, keyboards, dark rooms, and what a screen reader is told.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import type { FakeApi } from "../fakes/api/fake-api.ts";
import { fakeCandidate } from "../fakes/api/fake-report.ts";
import { noBrowser } from "./browser.ts";
import { poorContrasts } from "./contrast.ts";
import { openStage, type Stage } from "./page-test.ts";

const ANSWER = [
  "It works like `this`:",
  "",
  "```sh",
  "rollcall send --agent main --conversation a-rather-long-name 'and a text that is longer than a phone is wide'",
  "```",
  "",
  "| a wide table | with several columns | which don't fit | on a small screen |",
  "|---|---|---|---|",
  "| one | two | three | averyverylongwordthatcannotbebrokenanywhere |",
  "",
  "See <https://example.com/a/very/long/path/that/goes/on/and/on/and/on/for/ever/index.html>.",
].join("\n");

function fill(api: FakeApi): void {
  api.agent.answer(api.store.accept({ text: "How does it work?" }), ANSWER);
  const failed = api.store.accept({ text: "And this?" });
  api.agent.begin(failed);
  api.agent.fail(failed);
  api.agent.hold(api.store.accept({ text: "And that?" }), "harness-limit");
}

function trouble(api: FakeApi): void {
  const since = new Date(Date.now() - 20 * 60_000).toISOString();
  const code = "harness-login";
  const fix = "Log in with the harness's own program, as the user that runs the gateway.";
  Object.assign(api.report, { status: "holding", held: 2, waiting: 3, degraded: ["main"] });
  api.report.failing.push({ kind: "agent", id: "research", code, since, fix });
  const gone = fakeCandidate("gpt-5.3-codex", {
    harness: "codex-cli",
    available: false,
    level: "L1",
    code,
    since,
  });
  api.report.agents.push({ id: "research", servable: false, candidates: [gone] });
  api.agent.hold(
    api.store.accept({
      text: "Find three papers",
      agent: "research",
      channel: "telegram",
      sender: "A. Person",
    }),
    code,
  );
}

/** How far something sticks out to the side of what scrolls, in px. */
async function sideways(page: Page): Promise<number> {
  return page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll(".scroll, .sidebar, .details")];
    return Math.max(...boxes.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
  });
}

/** The next Tab goes to the first thing of the page. */
async function fromTheTop(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
  });
}

void describe("the chat page, for everybody", { skip: noBrowser }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  void it("works on a phone of 320 px: nothing sticks out, everything is in reach", () =>
    stage.run(
      async ({ page, api, picture }) => {
        await page.getByText("And that?").waitFor();
        assert.equal(await sideways(page), 0);
        await picture("phone");
        await page.getByRole("button", { name: "Show the conversations" }).click();
        await picture("phone-menu");
        await page.keyboard.press("Escape");
        const menu = page.getByRole("button", { name: "Show the conversations" });
        await menu.and(page.locator(":focus")).waitFor();
        await menu.click();
        await page.getByRole("button", { name: "New conversation" }).click();
        await page.getByRole("heading", { name: "Say something to main" }).waitFor();
        const field = page.getByRole("textbox", { name: "Message" });
        await field.fill("first line");
        await field.press("Enter");
        await field.pressSequentially("second line");
        await page.getByRole("button", { name: "Send" }).click();
        assert.equal(
          (await api.newest(({ text }) => text.startsWith("first"))).text,
          "first line\nsecond line",
        );
        await page.getByRole("link", { name: "Details" }).click();
        await page.getByRole("dialog").getByText("Accepted and stored").waitFor();
        assert.equal(await sideways(page), 0);
        await picture("phone-details");
      },
      { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true, before: fill },
    ));

  void it("goes by keyboard alone", () =>
    stage.run(async ({ page, api, picture }) => {
      await page.getByRole("heading", { name: "Say something to main" }).waitFor();
      // The field has the focus from the beginning.
      await page.keyboard.type("by hand");
      await page.keyboard.press("Enter");
      const message = await api.newest();
      api.agent.begin(message);
      await page.getByText("Working", { exact: true }).waitFor();
      // Escape leads to the button that stops; it doesn't stop by itself.
      await page.keyboard.press("Escape");
      assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), "Stop");
      await picture("keyboard");
      assert.equal(message.state, "running");
      await page.keyboard.press("Enter");
      await page.getByText("Stopped", { exact: true }).first().waitFor();
      assert.equal(message.state, "cancelled");

      await page.reload();
      await page.locator("[data-id]").waitFor();
      await fromTheTop(page);
      await page.keyboard.press("Tab");
      const skip = page.getByRole("link", { name: "Skip to the conversation" });
      assert.ok(await skip.evaluate((one) => one === document.activeElement));
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement?.id), "composer");
      assert.match(page.url(), /#\/c\/main$|\/$/);
    }));

  void it("shows where the focus is", () =>
    stage.run(async ({ page }) => {
      await page.getByRole("heading", { name: "Say something to main" }).waitFor();
      await fromTheTop(page);
      for (let i = 0; i < 8; i++) {
        await page.keyboard.press("Tab");
        const shown = await page.evaluate(() => {
          const one = document.activeElement;
          if (one === null || one === document.body) return true;
          const card = one.closest(".composer-card");
          const plain = getComputedStyle(one).outlineStyle !== "none";
          return plain || (card !== null && card.matches(":focus-within"));
        });
        assert.ok(shown, `no outline after ${i + 1} tabs`);
      }
    }));

  for (const colorScheme of ["light", "dark"] as const) {
    void it(`has enough contrast when it is ${colorScheme}`, () =>
      stage.run(
        async ({ page, picture }) => {
          await page.getByText("And that?").waitFor();
          assert.deepEqual(await poorContrasts(page), []);
          await picture(`chat-${colorScheme}`);
          await page.getByRole("link", { name: "Holding" }).click();
          await page.getByRole("heading", { name: "What is wrong" }).waitFor();
          await page.getByText("Find three papers").waitFor();
          assert.deepEqual(await poorContrasts(page), []);
          await picture(`status-${colorScheme}`);
        },
        {
          colorScheme,
          viewport: { width: 1200, height: 1500 },
          before(api) {
            fill(api);
            trouble(api);
          },
        },
      ));
  }

  void it("shows the status on a phone", () =>
    stage.run(
      async ({ page, picture }) => {
        await page.getByRole("button", { name: "Show the conversations" }).click();
        await page.getByRole("link", { name: "Holding" }).click();
        await page.getByText("Log in with the harness's own program").first().waitFor();
        assert.equal(await sideways(page), 0);
        await picture("phone-status");
      },
      { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, before: trouble },
    ));

  void it("follows the status as it changes", () =>
    stage.run(
      async ({ page, api }) => {
        await page.getByRole("link", { name: "Holding" }).click();
        await page.getByRole("heading", { name: "Holding" }).waitFor();
        Object.assign(api.report, { status: "ready", failing: [], degraded: [] });
        api.store.emit("status", { status: "ready" });
        await page.getByRole("heading", { name: "Ready" }).waitFor();
        assert.equal(await page.getByRole("heading", { name: "What is wrong" }).count(), 0);
      },
      { before: trouble },
    ));
});
