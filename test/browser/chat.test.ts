// The page in a real browser, against a strict fake of the gateway's API.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { noBrowser } from "./browser.ts";
import { openStage, type Stage } from "./page-test.ts";

const LONG_ANSWER = [
  "Here is how the three parts fit together.",
  "",
  "## Steps",
  "",
  "1. Read the file with `readFile`.",
  "2. Parse it **strictly**:",
  "   - unknown keys are errors",
  "   - durations carry a unit",
  "3. Start the server, see [the guide](https://example.com/guide).",
  "",
  "```ts",
  'import { readFile } from "node:fs/promises";',
  "",
  "export async function load(path: string): Promise<Config> {",
  "  return parse(JSON.parse(await readFile(path, 'utf8')));",
  "}",
  "```",
  "",
  "| setting | default | meaning |",
  "|---|---:|---|",
  "| `port` | 18790 | where it listens |",
  "| `host` | 127.0.0.1 | on which address |",
  "",
  "> A lost configuration never comes up as a demo.",
  "",
  "- [x] done",
  "- [ ] to do",
].join("\n");

void describe("the chat page", { skip: noBrowser }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  void it("signs in by a link once, and takes the code out of the address", () =>
    stage.run(async ({ page, api, picture }) => {
      await page.getByRole("heading", { name: "Say something to main" }).waitFor();
      await picture("empty");
      assert.ok(!page.url().includes("code"), page.url());
      await page.goBack().catch(() => null);
      assert.ok(!page.url().includes("code="), "the code is in the history");
      assert.deepEqual(api.writes, ["POST /api/v1/sign-in"]);
    }));

  void it("explains where a link comes from when nobody is signed in, and when a link is used up", () =>
    stage.run(
      async ({ page, api, picture }) => {
        await page.getByRole("heading", { name: "Sign in to Rollcall" }).waitFor();
        await page.getByText("rollcall link", { exact: true }).waitFor();
        await page.goto(`${api.url}/#code=old`);
        await page.getByRole("alert").getByText("The sign-in link was used or is too old.").waitFor();
        await picture("sign-in");
        await page.goto(api.link());
        await page.getByRole("textbox", { name: "Message" }).waitFor();
      },
      { signedOut: true, expected: /40[13]/ },
    ));

  void it("sends by Enter and shows the answer growing, then whole, also after a reload", () =>
    stage.run(async ({ page, api, picture }) => {
      const field = page.getByRole("textbox", { name: "Message" });
      await field.fill("How do the parts");
      await field.press("Shift+Enter");
      await field.pressSequentially("fit together?");
      await field.press("Enter");
      const message = await api.newest();
      assert.equal(message.text, "How do the parts\nfit together?");
      assert.equal(message.agent, "main");
      assert.match(message.clientId ?? "", /^[0-9a-f]{32}$/);
      assert.equal(await field.inputValue(), "");

      const exchange = page.locator(`[data-id="${message.id}"]`);
      await exchange.getByText("Waiting for its turn").waitFor();
      api.agent.begin(message);
      await exchange.getByText("Working", { exact: true }).waitFor();
      api.agent.show(message, "Here is", "Read");
      await exchange.getByText("Using Read").waitFor();
      await exchange.getByText("Here is", { exact: true }).waitFor();
      api.agent.show(message, LONG_ANSWER.slice(0, 260));
      await exchange.getByRole("heading", { name: "Steps" }).waitFor();
      await picture("streaming");
      api.agent.finish(message, LONG_ANSWER);
      await exchange.getByText("Answered").waitFor();
      await exchange.getByRole("table").waitFor();
      assert.equal(
        await exchange.getByRole("link", { name: "the guide" }).getAttribute("rel"),
        "noopener noreferrer",
      );
      await picture("answered");
      await page.getByText(/main answered: Here is how/).waitFor({ state: "attached" });

      await page.reload();
      await page.getByText("A lost configuration never comes up as a demo.").waitFor();
      assert.equal(await page.locator("[data-id]").count(), 1);
    }));

  void it("shows HTML as text, and follows no dangerous link", () =>
    stage.run(async ({ page, api }) => {
      const message = api.store.accept({ text: "show me" });
      const text =
        '<img src=x onerror="alert(1)"> [run](javascript:alert(1)) ![pixel](https://example.com/p.png)';
      api.agent.answer(message, text);
      const answer = page.locator(".answer");
      await answer.getByText("onerror").waitFor();
      assert.equal(await answer.locator("img").count(), 0);
      const links = await answer
        .locator("a")
        .evaluateAll((all) => all.map((one) => one.getAttribute("href")));
      assert.deepEqual(links, ["https://example.com/p.png"]);
    }));

  void it("says why a message is held and since when, and lets it be cancelled", () =>
    stage.run(async ({ page, api, picture }) => {
      await page.getByRole("textbox", { name: "Message" }).fill("Are you there?");
      await page.getByRole("button", { name: "Send" }).click();
      const message = await api.newest();
      api.agent.hold(message, "harness-login", Date.UTC(2020, 0, 2, 12));
      const exchange = page.locator(`[data-id="${message.id}"]`);
      await exchange.getByText(/^Held since .*2020/).waitFor();
      await exchange
        .getByText("Saved, and answered as soon as it can be: the agent's login has ended.")
        .waitFor();
      await picture("held");
      await exchange.getByRole("button", { name: "Cancel" }).click();
      await exchange.getByText("Stopped").waitFor();
      assert.equal(message.state, "cancelled");
    }));

  void it("stops an answer while it is written, and keeps what was seen of it", () =>
    stage.run(async ({ page, api }) => {
      await page.getByRole("heading", { name: "Say something to main" }).waitFor();
      const message = api.store.accept({ text: "Count to a million" });
      api.agent.begin(message);
      api.agent.show(message, "one two three");
      const exchange = page.locator(`[data-id="${message.id}"]`);
      await exchange.getByText("one two three").waitFor();
      await exchange.getByRole("button", { name: "Stop" }).click();
      await exchange.getByText("Stopped").waitFor();
      await exchange.getByText("one two three").waitFor();
    }));

  void it("tries a failed message again", () =>
    stage.run(
      async ({ page, api, picture }) => {
        const exchange = page.locator("[data-id]");
        await exchange.getByText("It won't be tried again by itself.").waitFor();
        await picture("dead");
        await exchange.getByRole("button", { name: "Try again" }).click();
        await exchange.getByText("Waiting for its turn").waitFor();
        const message = await api.newest();
        api.agent.answer(message, "This time it worked.");
        await exchange.getByText("This time it worked.").waitFor();
        assert.equal(api.writes.at(-1), `POST /api/v1/messages/${message.id}/retry`);
      },
      {
        before(api) {
          const message = api.store.accept({ text: "Deploy it" });
          api.agent.begin(message);
          api.agent.fail(message);
        },
      },
    ));

  void it("shows a message's whole life", () =>
    stage.run(
      async ({ page, picture }) => {
        await page.getByRole("link", { name: "Details" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("Accepted and stored").waitFor();
        await dialog.getByText("claude-cli/claude-opus-4-7").waitFor();
        await dialog.getByText("Delivered").waitFor();
        await picture("details");
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
      },
      { before: (api) => api.agent.answer(api.store.accept({ text: "Hello" }), "Hello yourself.") },
    ));

  void it("keeps conversations apart, and shows what happens in the others", () =>
    stage.run(
      async ({ page, api, picture }) => {
        const list = page.getByRole("navigation", { name: "Conversations" });
        await page.getByText("answer of main").waitFor();
        await list.getByRole("link", { name: /groceries/ }).click();
        await page.getByText("answer of groceries").waitFor();
        assert.equal(await page.getByText("answer of main").count(), 0);
        await page.getByRole("button", { name: "New conversation" }).click();
        await page.getByRole("textbox", { name: "Message" }).fill("Plan a trip to the sea");
        await page.keyboard.press("Enter");
        const message = await api.newest(({ text }) => text.startsWith("Plan"));
        assert.match(message.conversation, /^chat-/);
        api.agent.begin(message);
        const item = list.getByRole("link", { name: /Plan a trip to the sea/ });
        await item.getByText("being answered").waitFor({ state: "attached" });
        await picture("conversations");
        assert.equal(await list.getByRole("link", { name: /from a phone/ }).count(), 0);
      },
      {
        before(api) {
          for (const conversation of ["main", "groceries"]) {
            const message = api.store.accept({ text: `ask ${conversation}`, conversation });
            api.agent.answer(message, `answer of ${conversation}`);
          }
          api.store.accept({ text: "from a phone", channel: "telegram", conversation: "12345" });
        },
      },
    ));

  void it("lets one choose the agent, and stays with it", () =>
    stage.run(
      async ({ page, api }) => {
        await page.getByLabel("Agent").selectOption("research");
        await page.getByRole("textbox", { name: "Message" }).fill("Look it up");
        await page.keyboard.press("Enter");
        const message = await api.newest();
        assert.equal(message.agent, "research");
        await page.locator(`[data-id="${message.id}"]`).waitFor();
        await page.reload();
        // The choice is there once the agents are.
        await page.locator("option:checked", { hasText: "research" }).waitFor({ state: "attached" });
        assert.equal(await page.getByLabel("Agent").inputValue(), "research");
      },
      { before: (api) => void api.report.agents.push({ id: "research", servable: true, candidates: [] }) },
    ));

  void it("shows earlier messages in pages", () =>
    stage.run(
      async ({ page }) => {
        await page.getByText("answer 60", { exact: true }).waitFor();
        await page.getByRole("button", { name: "Show earlier messages" }).click();
        await page.getByText("answer 1", { exact: true }).waitFor();
        assert.equal(await page.locator("[data-id]").count(), 60);
      },
      {
        before(api) {
          for (let i = 1; i <= 60; i++)
            api.agent.answer(api.store.accept({ text: `ask ${i}` }), `answer ${i}`);
        },
      },
    ));

  void it("sends files that were chosen, and names them", () =>
    stage.run(async ({ page, api, picture }) => {
      const png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
      await page.locator('input[type="file"]').setInputFiles([
        { name: "dot.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") },
        { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") },
      ]);
      await page.getByRole("button", { name: "Leave out notes.txt" }).waitFor();
      await picture("files");
      await page.getByRole("button", { name: "Send" }).click();
      const message = await api.newest();
      assert.deepEqual(
        message.attachments.map(({ name, bytes }) => [name, bytes]),
        [
          ["dot.png", 70],
          ["notes.txt", 5],
        ],
      );
      await page.locator(`[data-id="${message.id}"]`).getByText("notes.txt").waitFor();
    }));
});
