import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { commandFirst, wordsOf } from "../../src/cli/command-first.ts";
import { COMMANDS } from "../../src/cli/command-list.ts";
import { createEventParser } from "../../src/cli/event-parser.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { quickStart } from "../../src/cli/quick-start.ts";
import process from "node:process";
import { call } from "./call.ts";

const words = wordsOf(COMMANDS);

describe("options may stand anywhere", () => {
  it("before the command, between its words, and after them", () => {
    const cases: readonly (readonly [string, string])[] = [
      ["--json status", "status --json"],
      ["--state s messages --only held list --json", "messages list --state s --only held --json"],
      ["--state=s send hi", "send --state=s hi"],
      ["send -- --json status", "send -- --json status"],
      ["send - --no-wait", "send - --no-wait"],
      ["--config send send", "send --config send"],
      ["help messages", "help messages"],
      ["-f logs", "logs -f"],
      ["nonsense --x", "nonsense --x"],
    ];
    for (const [typed, ordered] of cases) {
      assert.deepEqual(commandFirst(typed.split(" "), words), ordered.split(" "), typed);
    }
  });

  it("in any order, with the text's words in theirs", () => {
    const options = [["--json"], ["--state", "list"], ["--only=held"], ["--limit", "5"]];
    const order = fc.shuffledSubarray([...options, ["messages"], ["list"]], { minLength: 6 });
    fc.assert(
      fc.property(order, (shuffled) => {
        const command = shuffled.filter(([word]) => word === "messages" || word === "list");
        if (command[0]?.[0] !== "messages") return;
        const sorted = commandFirst(shuffled.flat(), words);
        assert.deepEqual(sorted.slice(0, 2), ["messages", "list"]);
        assert.deepEqual(sorted.slice(2), shuffled.filter((one) => !command.includes(one)).flat());
      }),
    );
  });
});

describe("a plain start", () => {
  const parts = fc.constantFrom(
    "start",
    "--try",
    "--port",
    "--port=0",
    "80",
    "--host",
    "h",
    "--state",
    "-x",
    "",
    "--",
    "--log-format",
    "json",
    "send",
    "--json",
  );
  const terminalOf = (argv: readonly string[]) => ({
    argv,
    env: {},
    cwd: "/",
    stdin: process.stdin,
    tty: false,
    process,
    out: () => undefined,
    err: () => undefined,
  });

  it("is read without the parser as the parser reads it", async () => {
    let plain = 0;
    // Most of them begin as people write it: few of a thousand random lines would be a start at all.
    const likely = fc.array(parts, { maxLength: 4 }).map((rest) => ["start", ...rest]);
    const lines = fc.oneof(fc.array(parts, { maxLength: 8 }), likely, likely);
    const property = fc.asyncProperty(lines, async (argv) => {
      const quick = quickStart(terminalOf(argv));
      if (quick === undefined) return;
      plain++;
      let options: Readonly<Record<string, unknown>> | undefined;
      const program = buildProgram({ out: () => undefined, err: () => undefined }, (spec, command) => {
        if (spec.name === "start") options = command.opts();
        return Promise.resolve();
      });
      await program.parseAsync(commandFirst(argv, words), { from: "user" });
      for (const name of ["port", "host", "state", "config"]) assert.equal(quick.text(name), options?.[name]);
      assert.equal(quick.text("log-format"), options?.["logFormat"]);
      assert.equal(quick.flag("try"), options?.["try"] === true);
    });
    await fc.assert(property, { numRuns: 1000 });
    assert.ok(plain > 10, `${plain} of them are plain`);
  });

  it("leaves help and faults to the parser", () => {
    for (const argv of [
      ["start", "--help"],
      ["start", "--prot", "1"],
      ["start", "now"],
      ["start", "--port"],
      ["status"],
      [],
    ]) {
      assert.equal(quickStart(terminalOf(argv)), undefined, argv.join(" "));
    }
  });
});

describe("what isn't understood", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["sned hi", /unknown command 'sned'; did you mean "send"\? See "rollcall help"\.\n$/],
    ["status --jsno", /unknown option '--jsno'; did you mean "--json"\? See "rollcall help status"\.\n$/],
    ["messages lst", /unknown command 'lst'; did you mean "list"\? See "rollcall help messages"\.\n$/],
    ["messages show", /missing required argument 'ID'\. See "rollcall help messages"\.\n$/],
    ["status extra", /too many arguments for 'status'/],
    ["start --port 70000", /--port takes a number from 0 to 65535/],
    ["start --log-format xml", /--log-format takes json or pretty/],
    ["drain --wait soon", /--wait takes a duration, such as 30s or 5m/],
    ["send --dangerously-skip-permissions", /unknown option '--dangerously-skip-permissions'/],
    ["notify hello", /notify needs --to ADDRESS/],
    ["", /a command is missing/],
    ["messages", /a command is missing/],
  ];
  for (const [typed, says] of cases) {
    it(`"${typed}" ends with 64 and says how to mend it`, async () => {
      const { exit, err, out } = await call(typed.split(" ").filter((word) => word !== ""));
      assert.equal(exit, 64);
      assert.match(err, says);
      assert.match(err, /(?:^|\n)rollcall: [^\n]+\n$/);
      assert.equal(out, "");
    });
  }
});

describe("help", () => {
  it("ends with 0, for all and for each", async () => {
    for (const argv of [
      ["--help"],
      ["help"],
      ["--version"],
      ["help", "send"],
      ["send", "--help"],
      ["--help", "messages", "list"],
    ]) {
      const { exit, out, err } = await call(argv);
      assert.deepEqual([exit, err], [0, ""], argv.join(" "));
      assert.notEqual(out, "");
    }
  });

  it("shows every command with an example that the command line understands", () => {
    for (const { name, examples } of COMMANDS) {
      assert.ok(examples.length > 0, name);
      for (const example of examples) assert.ok(example.includes(`rollcall ${name}`), example);
    }
  });
});

describe("server-sent events", () => {
  const stream = [
    "id: 7\n\n",
    ": heartbeat\n\n",
    'id: 8\r\nevent: progress\r\ndata: {"text":\r\ndata:"héllo"}\r\n\r\n',
    "data: bare\n\n",
    "event: reset\nid: 9\ndata\n\n",
    "retry: 10\n\nid: 1\0\n\ndata: last\n\n",
  ].join("");
  const events = [
    { type: "place", data: "", id: "7" },
    { type: "progress", data: '{"text":\n"héllo"}', id: "8" },
    { type: "message", data: "bare", id: "8" },
    { type: "reset", data: "", id: "9" },
    { type: "message", data: "last", id: "9" },
  ];

  it("are read whole, however they are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), (cuts) => {
        const parser = createEventParser();
        const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const pieces = places.slice(1).map((to, i) => stream.slice(places[i], to));
        assert.deepEqual(
          pieces.flatMap((piece) => parser(piece)),
          events,
        );
      }),
    );
  });

  it("that are too long are left out, and the next one is read", () => {
    const parser = createEventParser();
    const long = `data: ${"x".repeat(1024 * 1024)}\n`;
    for (let i = 0; i < 20; i++) assert.deepEqual(parser(long), []);
    assert.deepEqual(parser("\ndata: next\n\n"), [{ type: "message", data: "next", id: null }]);
  });
});
