// `cargo xtask dev`, once tools, build and demo data are there: migrates, loads, starts, asks, says how to connect.

import { parseArgs } from "node:util";

import { tokenOf } from "./accounts.mjs";
import { clickhouseVars, startClickhouse } from "./clickhouse.mjs";
import { signInLines, tokenLines } from "./connect.mjs";
import { loadDemo } from "./demo.mjs";
import { migrate } from "./migrations.mjs";
import { ask } from "./question.mjs";
import { WRANGLER_STATE, startWorker } from "./runtime.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8787" },
    demo: { type: "string" },
    once: { type: "boolean", default: false },
    clickhouse: { type: "string" },
  },
});
if (!values.demo) throw new Error("--demo DIR is required");

const started = performance.now();
const say = (/** @type {string} */ text) => console.error(`▸ ${text}`);
const clickhouse = values.clickhouse ? await startClickhouse(values.clickhouse, [values.demo]) : undefined;
if (clickhouse) say(`loaded the demo into a ClickHouse at ${clickhouse.url}`);
const worker = await start(Number(values.port), clickhouse ? clickhouseVars(clickhouse) : {});
for (const file of await migrate(worker.db)) say(`migrated the local database: ${file}`);
const { projects, clients, owner } = await loadDemo(worker, values.demo, WRANGLER_STATE, say);

const endpoint = `http://localhost:${worker.url.port}/mcp`;
const shop = clients.find(({ kind, projectId }) => kind === "read" && projectId === "shop");
if (!shop) throw new Error("the demo data has no project `shop`; run `cargo xtask demo` to make it anew");
const answer = await ask(endpoint, tokenOf(shop), "get_analytics_overview", { projectId: "shop" });
say(`started in ${((performance.now() - started) / 1000).toFixed(1)} s`);

console.log(`
Asked over MCP: get_analytics_overview of project shop, the last 30 days

${answer.replace(/^/gm, "  ")}

Sightline is at ${endpoint}
Connect by that address alone, and sign in in the browser when the client asks (yours alone, kept in .sightline/dev.json)
  E-mail    ${owner.email}
  Password  ${owner.password}

${signInLines(endpoint)}
For scripts, and clients that cannot open a browser: tokens
${clients.map((client) => `  ${describe(client).padEnd(34)} ${tokenOf(client)}`).join("\n")}

${tokenLines(endpoint, tokenOf(shop))}`);

const stop = async () => {
  await worker.stop();
  await clickhouse?.stop();
};
if (values.once) {
  await stop();
} else {
  console.log("Ctrl-C stops it.");
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.once(signal, () => stop().then(() => process.exit(0)));
  }
}

/** @param {import("./accounts.mjs").ApiClient} client */
function describe({ kind, projectId, organizationId }) {
  if (kind === "root") return `all of organization ${organizationId}`;
  const name = projects.find(({ id }) => id === projectId)?.name;
  return `project ${projectId}${name ? ` (${name})` : ""}`;
}

/**
 * @param {number} port
 * @param {Record<string, string>} vars
 */
async function start(port, vars) {
  try {
    return await startWorker({ host: "localhost", port, state: WRANGLER_STATE, vars });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ERR_ADDRESS_IN_USE") throw error;
    throw new Error(`port ${port} is taken, perhaps by another \`cargo xtask dev\`: stop that, or give --port another number`);
  }
}
