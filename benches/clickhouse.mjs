// Asks the benchmark's questions of the built Worker in workerd with the data in ClickHouse, and the statements it sent once more of that
// ClickHouse directly: `node clickhouse.mjs --data DIR --python PATH`. Prints JSON.
//
// The engine answers one question at a time (`tests/clickhouse/front.py`), so both ways wait alike. One Worker for all: what it keeps are
// the names of tables.

import path from "node:path";
import { parseArgs } from "node:util";

import { clickhouseVars, startClickhouse } from "../xtask/local/clickhouse.mjs";
import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { Mcp } from "../tests/support/mcp.mjs";
import { admitAll } from "../tests/support/tenants.mjs";
import { PROJECT } from "./project.mjs";
import { argumentsOf, median, questions } from "./questions.mjs";

const REPEATS = 5;
/** SQL of the embedded engine's own is not ClickHouse's. */
const asked = (/** @type {{tool: string}} */ { tool }) => tool !== "query";

const { values } = parseArgs({ options: { data: { type: "string" }, python: { type: "string" } } });
const { data, python } = values;
if (!data || !python) throw new Error("--data DIR and --python PATH are required");

console.error("▸ clickhouse: loading");
const server = await startClickhouse(python, [], ["--load-files", path.join(data, PROJECT.id)]);
const worker = await startWorker({ vars: clickhouseVars(server) });
try {
  await migrate(worker.db);
  const { tokens } = await admitAll(worker.db, [PROJECT]);
  const mcp = new Mcp(new URL("/mcp", worker.url), tokens[PROJECT.id]);
  // The module is compiled with the first request, and the tables are looked up with the first question.
  await mcp.call("get_event_definitions", { startDate: "2026-06-30", endDate: "2026-06-30", limit: 1 });
  const answers = [];
  for (const question of questions) answers.push(asked(question) ? await measure(mcp, question) : { name: question.name });
  console.log(JSON.stringify(answers));
} finally {
  await worker.stop();
  await server.stop();
}

/**
 * @param {Mcp} mcp
 * @param {import("./questions.mjs").Question} question
 */
async function measure(mcp, question) {
  const { name, tool } = question;
  console.error(`▸ clickhouse: ${name}`);
  const args = argumentsOf(question, 1);
  const through = [];
  let refusal = null;
  const before = (await requests()).length;
  for (let run = 0; run <= REPEATS; run += 1) {
    const started = performance.now();
    const result = await mcp.call(tool, args);
    through.push(performance.now() - started);
    if (result.isError) refusal = result.text;
  }
  const sent = (await requests()).slice(before);
  const statements = sent.slice(0, Math.round(sent.length / (REPEATS + 1)));
  const direct = [];
  for (let run = 0; run <= REPEATS; run += 1) {
    const started = performance.now();
    for (const statement of statements) await (await send(statement)).text();
    direct.push(performance.now() - started);
  }
  return { name, medianMs: median(through.slice(1)), directMs: median(direct.slice(1)), statements: statements.length, refusal };
}

/** @returns {Promise<any[]>} */
async function requests() {
  return (await fetch(`${server.url}/_requests`)).json();
}

/** @param {{query: string, parameters: Record<string, string>, settings: Record<string, string>}} statement */
function send({ query, parameters, settings }) {
  const form = new FormData();
  form.set("query", query);
  for (const [parameter, value] of Object.entries(parameters)) form.set(`param_${parameter}`, value);
  const headers = { "x-clickhouse-user": "reader", "x-clickhouse-key": server.password };
  return fetch(`${server.url}/?${new URLSearchParams(settings)}`, { method: "POST", body: form, headers });
}
