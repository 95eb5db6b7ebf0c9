// What the page does while the gateway can't be heard, and when an answer gets lost on the way.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { noBrowser } from "./browser.ts";
import { openStage, type Stage } from "./page-test.ts";

const NETWORK = /ERR_|Failed to fetch|network/;

void describe("the chat page, away from the gateway", { skip: noBrowser }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  void it("sends a message again under the same id when the answer was lost", () =>
    stage.run(
      async ({ page, api }) => {
        await page.getByRole("heading", { name: "Say something to main" }).waitFor();
        api.loseNextAnswer();
        api.store.silent = true;
        await page.getByRole("textbox", { name: "Message" }).fill("Only once, please");
        await page.keyboard.press("Enter");
        await page.getByText("Waiting for its turn").waitFor();
        assert.equal(api.writes.filter((one) => one === "POST /api/v1/messages").length, 2);
        await page.locator("[data-unsent]").waitFor({ state: "detached" });
        assert.equal(await page.getByText("Only once, please").count(), 1);
        assert.equal(api.store.messages.length, 1);
      },
      { expected: NETWORK },
    ));

  void it("knows its message again when the answer was lost and the stream tells of it", () =>
    stage.run(
      async ({ page, api }) => {
        await page.getByRole("heading", { name: "Say something to main" }).waitFor();
        api.loseNextAnswer();
        await page.getByRole("textbox", { name: "Message" }).fill("Told by the stream");
        await page.keyboard.press("Enter");
        await page.getByText("Waiting for its turn").waitFor();
        await page.locator("[data-unsent]").waitFor({ state: "detached" });
        assert.equal(await page.getByText("Told by the stream").count(), 1);
        assert.equal(api.store.messages.length, 1);
      },
      { expected: NETWORK },
    ));

  void it("says that it is not connected, keeps what is written over a reload, and sends it once", () =>
    stage.run(
      async ({ page, api, picture }) => {
        const field = page.getByRole("textbox", { name: "Message" });
        await page.getByRole("heading", { name: "Say something to main" }).waitFor();
        api.down = true;
        api.cutStreams();
        await page.getByText("Not connected.").waitFor();
        await field.fill("Written in a tunnel");
        await field.press("Enter");
        const unsent = page.locator("[data-unsent]");
        await unsent.getByText("Not sent yet").waitFor();
        await page.getByText("One message is kept here").waitFor();
        await picture("away");
        assert.equal(api.store.messages.length, 0);

        await page.reload();
        await page.getByText("The gateway can’t be reached. Trying again…").waitFor();
        api.down = false;
        const message = await api.newest();
        assert.equal(message.text, "Written in a tunnel");
        await page.locator(`[data-id="${message.id}"]`).waitFor();
        await unsent.waitFor({ state: "detached" });
        assert.equal(await page.getByText("Written in a tunnel").count(), 1);
        assert.equal(api.store.messages.length, 1);
      },
      { expected: NETWORK },
    ));

  void it("says what was refused and why, and lets it be mended", () =>
    stage.run(
      async ({ page, api, picture }) => {
        await page.getByText("to main", { exact: true }).waitFor();
        api.report.agents[0] = { id: "renamed", servable: true, candidates: [] };
        await page.getByRole("textbox", { name: "Message" }).fill("Hello?");
        await page.keyboard.press("Enter");
        const unsent = page.locator("[data-unsent]");
        await unsent.getByText("There is no agent with this name.").waitFor();
        await picture("refused");
        await unsent.getByRole("button", { name: "Edit" }).click();
        await unsent.waitFor({ state: "detached" });
        assert.equal(await page.getByRole("textbox", { name: "Message" }).inputValue(), "Hello?");
        api.store.emit("status", { status: "ready" });
        await page.getByText("to renamed", { exact: true }).waitFor();
        await page.getByRole("button", { name: "Send" }).click();
        assert.equal((await api.newest()).agent, "renamed");
      },
      { expected: /404/ },
    ));

  void it("catches up after a cut connection, from where it was", () =>
    stage.run(
      async ({ page, api }) => {
        await page.getByRole("heading", { name: "Say something to main" }).waitFor();
        api.cutStreams();
        api.agent.answer(api.store.accept({ text: "from another tab" }), "answered meanwhile");
        await page.getByText("answered meanwhile").waitFor();
        assert.equal(await page.getByText("Not connected.").count(), 0);
      },
      { expected: NETWORK },
    ));

  void it("reads everything anew when events were lost", () =>
    stage.run(
      async ({ page, api }) => {
        await page.getByRole("heading", { name: "Say something to main" }).waitFor();
        api.cutStreams();
        api.agent.answer(api.store.accept({ text: "long ago" }), "answered long ago");
        api.store.forgetEvents();
        await page.getByText("answered long ago").waitFor();
      },
      { expected: NETWORK },
    ));

  void it("asks to sign in again when the session has ended, and keeps the draft", () =>
    stage.run(
      async ({ page, api }) => {
        const field = page.getByRole("textbox", { name: "Message" });
        await field.fill("half a thought");
        api.forgetSessions();
        await page.getByRole("heading", { name: "Sign in to Rollcall" }).waitFor();
        await page.goto(api.link());
        await field.waitFor();
        assert.equal(await field.inputValue(), "half a thought");
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.getByRole("heading", { name: "Sign in to Rollcall" }).waitFor();
        assert.ok(api.writes.includes("POST /api/v1/sign-out"));
      },
      { expected: /401|ERR_/ },
    ));
});
