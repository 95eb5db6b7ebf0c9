// What the machine allows a store: the same commits, with the least that can be in them. Plain JavaScript, so that not
// even type stripping is in it.
//
//   node bare-store.js walks FILE            reads {"messages","steps","commits"} lines: one row write per step of a
//                                            message, all of them in so many commits; writes the milliseconds
//   node bare-store.js door FILE ROWS        listens; POST / is answered 202 when its row is on the disk. Rows that are
//                                            asked for in the same turn of the loop share a commit. ROWS are there before
//   node bare-store.js recover FILE ROWS STEPS COMMITS
//                                            a store with so many waiting rows is opened, listens, and walks them all
//   node bare-store.js fill FILE ROWS        makes a store with so many waiting rows
import { createServer } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

const [command, file = "", ...numbers] = process.argv.slice(2);
const [rows = 0, steps = 0, commits = 0] = numbers.map(Number);
const body = "x".repeat(500);
const say = (line) => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** A store with the settings of the gateway's own: every commit is on the disk when it returns. */
function open() {
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE");
  db.exec(
    "CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, state TEXT NOT NULL, body TEXT NOT NULL)",
  );
  return {
    db,
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    insert: db.prepare("INSERT INTO entry (state, body) VALUES (?, ?)"),
    update: db.prepare("UPDATE entry SET state = ? WHERE id = ?"),
  };
}

function fill({ db }, count) {
  db.exec(`WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})
    INSERT INTO entry (state, body) SELECT 'queued', '${body}' FROM n`);
}

/**
 * One row write per step, all of them in so many commits of the same size.
 *
 * @param write writes one step of one message
 */
function inCommits(store, total, count, write) {
  for (let done = 0, n = 1; done < total; n++) {
    const to = n >= count ? total : Math.round((total * n) / count);
    if (to === done) continue;
    store.begin.run();
    for (; done < to; done++) write(done);
    store.commit.run();
  }
}

function walk(store, messages, stepsOfEach, count) {
  const from = performance.now();
  let id = 0;
  inCommits(store, messages * stepsOfEach, count, (write) => {
    const step = write % stepsOfEach;
    if (step === 0) id = store.insert.run("queued", body).lastInsertRowid;
    else store.update.run(`step-${step}`, id);
  });
  return performance.now() - from;
}

async function walks() {
  const store = open();
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    say(walk(store, asked.messages, asked.steps, asked.commits));
  }
}

function listen(answer) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(() => response.writeHead(202).end("{}")));
  });
  server.listen(0, "127.0.0.1", () => say({ event: "gateway.listening", port: server.address().port }));
  process.on("SIGTERM", () => process.exit(0));
}

function door() {
  const store = open();
  if (rows > 0) fill(store, rows);
  const waiting = [];
  const flush = () => {
    const batch = waiting.splice(0);
    store.begin.run();
    for (let i = 0; i < batch.length; i++) store.insert.run("queued", body);
    store.commit.run();
    for (const done of batch) done();
  };
  listen((done) => {
    waiting.push(done);
    if (waiting.length === 1) setImmediate(flush);
  });
}

function recover() {
  const store = open();
  listen((done) => done());
  setImmediate(() => {
    const ids = store.db
      .prepare("SELECT id FROM entry WHERE state = 'queued' ORDER BY id")
      .all()
      .map(({ id }) => id);
    let first = true;
    inCommits(store, ids.length * steps, commits, (write) => {
      const step = write % steps;
      store.update.run(`step-${step}`, ids[Math.floor(write / steps)]);
      if (step === steps - 1 && first) {
        first = false;
        say({ event: "first" });
      }
    });
    say({ event: "last" });
  });
}

if (command === "walks") await walks();
else if (command === "door") door();
else if (command === "recover") recover();
else if (command === "fill") fill(open(), rows);
else process.exit(64);
