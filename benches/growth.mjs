// How cost grows with what is stored and with what is asked: `node growth.mjs --data DIR --state DIR --last-day YYYY-MM-DD --days 1,7,30,90`.
//
// Asks a few questions of the last days of a project, each range of a Worker of its own. Prints JSON.

import { parseArgs } from "node:util";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { Mcp } from "../tests/support/mcp.mjs";
import { OBSERVED } from "../tests/support/observed.mjs";
import { admitAll } from "../tests/support/tenants.mjs";
import { PROJECT, load } from "./project.mjs";

const TOOLS = ["get_analytics_overview", "get_event_definitions", "get_country_breakdown"];

const { values } = parseArgs({
  options: { data: { type: "string" }, state: { type: "string" }, "last-day": { type: "string" }, days: { type: "string" } },
});
const { data, state, "last-day": lastDay, days } = values;
if (!data || !state || !lastDay || !days) throw new Error("--data, --state, --last-day and --days are required");

await load(data, state);
const answers = [];
for (const tool of TOOLS) {
  for (const count of days.split(",").map(Number)) {
    console.error(`▸ growth: ${tool}, ${count} days`);
    answers.push(await measure(state, tool, count, lastDay));
  }
}
console.log(JSON.stringify(answers));

/**
 * @param {string} state
 * @param {string} tool
 * @param {number} days
 * @param {string} endDate
 */
async function measure(state, tool, days, endDate) {
  const worker = await startWorker({ state, around: OBSERVED });
  try {
    await migrate(worker.db);
    const { tokens } = await admitAll(worker.db, [PROJECT]);
    const mcp = new Mcp(new URL("/mcp", worker.url), tokens[PROJECT.id]);
    await mcp.request("ping");
    const first = new Date(endDate);
    first.setUTCDate(first.getUTCDate() - days + 1);
    const range = { startDate: first.toISOString().slice(0, 10), endDate };
    const started = performance.now();
    const { headers, body } = await mcp.exchange("tools/call", { name: tool, arguments: range });
    const ms = performance.now() - started;
    if (!body?.result) throw new Error(`${tool}: ${JSON.stringify(body)}`);
    const refusal = body.result.isError ? body.result.content[0].text : null;
    const { reads, bytes } = JSON.parse(headers.get("x-test-cost") ?? "null");
    return { tool, days, ms, reads, bytes, refusal };
  } finally {
    await worker.stop();
  }
}
