// What the machine allows: the least that a gateway of this kind must do, and nothing else. Plain JavaScript, so that
// not even type stripping is in it.
//
//   node floor.js serve FILE              listens, opens a store, answers POST /?commits=N after N commits
//   node floor.js commits FILE            reads {"conversations","messages","commits"} lines, writes the latencies
import { createServer } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

const [command, file = ""] = process.argv.slice(2);

/** A store with the settings of the gateway's own: every commit is on the disk when it returns. */
function open() {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE");
  db.exec(
    "CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL)",
  );
  const insert = db.prepare("INSERT INTO entry (state, body) VALUES (?, ?)");
  const update = db.prepare("UPDATE entry SET state = ? WHERE id = ?");
  return { insert, update };
}

const body = "x".repeat(500);

/** One message's way through a bare store: one insert, then single-row steps, each its own durable commit. */
async function walk(store, commits) {
  const { lastInsertRowid } = store.insert.run("queued", body);
  for (let step = 1; step < commits; step++) {
    // Others get their turn between two commits, as they would between two steps of a real path.
    await new Promise((resolve) => setImmediate(resolve));
    store.update.run(`step-${step}`, lastInsertRowid);
  }
}

function serve() {
  const store = open();
  const server = createServer((request, response) => {
    const commits = Number(new URL(request.url ?? "/", "http://floor").searchParams.get("commits"));
    const answer = async () => {
      await walk(store, commits);
      response.setHeader("content-type", "application/json");
      response.end('{"message":{"reply":{"text":"x"}}}');
    };
    request.resume().on("end", () => void answer());
  });
  server.listen(0, "127.0.0.1", () => {
    process.stdout.write(`${JSON.stringify({ event: "gateway.listening", port: server.address().port })}\n`);
  });
  process.on("SIGTERM", () => process.exit(0));
}

async function measure({ conversations, messages, commits }, store) {
  const taken = [];
  const converse = async () => {
    for (let i = 0; i < messages; i++) {
      const from = performance.now();
      await walk(store, commits);
      taken.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: conversations }, converse));
  return taken;
}

async function commits() {
  const store = open();
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line), store))}\n`);
  }
}

if (command === "serve") serve();
else if (command === "commits") await commits();
else process.exit(64);
