// Loaded before the program: the name of the platform is one of this machine, until the file that TEST_NO_NAMES names
// is there. Then the resolver fails, as it does without a network.
import dns from "node:dns";
import { existsSync } from "node:fs";
import process from "node:process";

const flag = process.env["TEST_NO_NAMES"] ?? "";
type Answer = (error: Error | null, address?: unknown, family?: number) => void;

const lookup = (_host: string, options: { readonly all?: boolean } | undefined, done: Answer): void => {
  queueMicrotask(() => {
    if (existsSync(flag)) done(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));
    else if (options?.all === true) done(null, [{ address: "127.0.0.1", family: 4 }]);
    else done(null, "127.0.0.1", 4);
  });
};

Object.assign(dns, { lookup });
