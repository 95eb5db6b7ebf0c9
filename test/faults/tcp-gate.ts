// A door before a server: open, shut (connections are refused), or broken (they are reset once something was written).
import net, { type AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface TcpGate {
  readonly port: number;
  /** Connections that were made while it was broken. */
  readonly reset: number;
  open(): Promise<void>;
  /** Cuts what is open, and refuses. */
  shut(): Promise<void>;
  /** Cuts what is open, and resets what comes, after its first bytes. */
  break(): void;
  /** Cuts what is open, once. */
  cut(): void;
}

export async function startTcpGate(t: Pick<TestContext, "after">, target: number): Promise<TcpGate> {
  const sockets = new Set<net.Socket>();
  let broken = false;
  let reset = 0;
  let port = 0;
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    client.on("error", () => client.destroy());
    if (broken) {
      reset += 1;
      client.once("data", () => client.resetAndDestroy());
      return;
    }
    const out = net.connect(target, "127.0.0.1", () => client.pipe(out).pipe(client));
    out.on("error", () => client.destroy());
    client.on("close", () => out.destroy());
  });
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  const gate: TcpGate = {
    get port() {
      return port;
    },
    get reset() {
      return reset;
    },
    async open() {
      broken = false;
      if (server.listening) return;
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      port = (server.address() as AddressInfo).port;
    },
    async shut() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      await closed;
    },
    break() {
      broken = true;
      cut();
    },
    cut,
  };
  await gate.open();
  t.after(() => (server.listening ? gate.shut() : undefined));
  return gate;
}
