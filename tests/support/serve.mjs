// A Worker over given data, for tests in other languages: `node serve.mjs --data DIR [--data DIR…] [--port N]`.
//
// Prints one line of JSON when it answers: `{url, tokens: {projectId: token}, roots: {organizationId: token}}`. Runs until it is
// told to stop, or until whoever started it is gone.

import { parseArgs } from "node:util";

import { migrate } from "../../xtask/local/migrations.mjs";
import { startWorker } from "../../xtask/local/runtime.mjs";
import { loadTenants } from "./tenants.mjs";

const { values } = parseArgs({
  options: { data: { type: "string", multiple: true, default: [] }, port: { type: "string", default: "0" } },
});

const worker = await startWorker({ port: Number(values.port) });
await migrate(worker.db);
const { tokens, roots } = await loadTenants(worker, values.data);
console.log(JSON.stringify({ url: worker.url.origin, tokens, roots }));

const parent = process.ppid;
const orphaned = setInterval(() => process.ppid !== parent && stop(), 1000);
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.once(signal, stop);

async function stop() {
  clearInterval(orphaned);
  await worker.stop();
  process.exit(0);
}
