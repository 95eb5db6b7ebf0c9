// Writes schema.json from the configuration's schema. Run it after a change there; a test compares the two.
import { writeFileSync } from "node:fs";
import { configJsonSchema } from "../src/config/schema.ts";

const file = new URL("../schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
