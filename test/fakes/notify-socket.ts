// A supervisor's notification socket of the test's own. Node has no unix datagram sockets, so that Python listens.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

// A barrier's descriptor is closed as soon as it is read: that is the answer that `systemd-notify` waits for.
const RECEIVER = String.raw`
import array, json, os, socket, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + path[1:] if path.startswith("@") else path)
print(json.dumps("bound"), flush=True)
while True:
    data, anc, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(64))
    for level, kind, body in anc:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array("i")
            fds.frombytes(body[: len(body) - len(body) % fds.itemsize])
            for fd in fds:
                os.close(fd)
    print(json.dumps(data.decode("utf-8", "replace")), flush=True)
`;

/** Null when it can be had; else why not, for a skip. */
export const noNotifySocket: string | null =
  spawnSync("python3", ["-c", "import socket; socket.AF_UNIX"]).status === 0
    ? null
    : "python3 is not there to receive datagrams of a unix socket";

export type Notification = Readonly<Record<string, string>>;

export interface NotifySocket {
  /** For `NOTIFY_SOCKET`. */
  readonly path: string;
  /** Everything that came so far, in order; barriers are left out. */
  readonly got: Notification[];
  /** Resolves with the first notification, come or coming, that fits. */
  until(fits: (one: Notification) => boolean): Promise<Notification>;
}

export async function openNotifySocket(t: TestContext, abstract = false): Promise<NotifySocket> {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-notify-"));
  const path = abstract ? `@${dir}` : join(dir, "socket");
  const child = spawn("python3", ["-u", "-c", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => {
    child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  });
  const got: Notification[] = [];
  const waiting = new Set<() => void>();
  const bound = Promise.withResolvers<void>();
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const text = JSON.parse(line) as string;
      if (text === "bound") bound.resolve();
      else if (text !== "BARRIER=1") got.push(fieldsOf(text));
    }
    for (const look of waiting) look();
  });
  await bound.promise;
  return {
    path,
    got,
    until(fits) {
      return new Promise((resolve) => {
        const look = (): void => {
          const found = got.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
  };
}

function fieldsOf(text: string): Notification {
  const fields: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1);
  }
  return fields;
}
