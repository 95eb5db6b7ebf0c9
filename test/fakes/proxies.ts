import http from "node:http";
import net, { type AddressInfo } from "node:net";

/** A proxy of a few lines, that notes what it was asked for. */
export interface FakeProxy {
  readonly url: string;
  /** `host:port` of every tunnel that was asked for. */
  readonly tunnels: readonly string[];
  /** From now on every tunnel is refused. */
  refuse(): void;
  close(): Promise<void>;
}

/** SOCKS 5 without a login (RFC 1928), for names and IPv4. Names go to the loopback, whatever they are. */
export async function startSocks(): Promise<FakeProxy> {
  return start("socks5", (tunnels, refused) =>
    net.createServer((client) => {
      client.on("error", () => client.destroy());
      client.once("data", () => {
        client.write(Buffer.from([5, 0]));
        client.once("data", (request) => {
          const named = request[3] === 3;
          const length = request[4] ?? 0;
          const host = named ? request.toString("latin1", 5, 5 + length) : request.subarray(4, 8).join(".");
          const port = request.readUInt16BE(named ? 5 + length : 8);
          tunnels.push(`${host}:${port}`);
          const answer = (code: number): boolean =>
            client.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
          if (refused()) return void client.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
          join(client, port, () => answer(0));
        });
      });
    }),
  );
}

/** An HTTP proxy that knows CONNECT alone. */
export async function startConnect(): Promise<FakeProxy> {
  return start("http", (tunnels, refused) => {
    const server = http.createServer((_request, response) => response.writeHead(501).end());
    server.on("connect", (request: http.IncomingMessage, client: net.Socket) => {
      client.on("error", () => client.destroy());
      tunnels.push(request.url ?? "");
      if (refused()) return void client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      join(client, Number(/:(\d+)$/.exec(request.url ?? "")?.[1]), () =>
        client.write("HTTP/1.1 200 Connection established\r\n\r\n"),
      );
    });
    return server;
  });
}

function join(client: net.Socket, port: number, ready: () => void): void {
  const target = net.connect(port, "127.0.0.1", () => {
    ready();
    client.pipe(target).pipe(client);
  });
  target.on("error", () => client.destroy());
  client.on("close", () => target.destroy());
}

async function start(
  scheme: string,
  make: (tunnels: string[], refused: () => boolean) => net.Server,
): Promise<FakeProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<net.Socket>();
  let refusing = false;
  const server = make(tunnels, () => refusing);
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    refuse: () => void (refusing = true),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
