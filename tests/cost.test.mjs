// What a request costs: operations on D1, Durable Objects and R2, counted. The local R2 and D1 are no measure of time; how often they are asked is.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { before, describe, it } from "node:test";

import { MODERN, Mcp } from "./support/mcp.mjs";
import { admitAll } from "./support/tenants.mjs";
import { RANGE, demoFolder, observed } from "./support/worker.mjs";

const DAYS = ["2026-06-10", "2026-06-11", "2026-06-12"];
const PROJECT = { id: "cost_project", name: "Cost", organization: { id: "org_cost", name: "Cost" } };
const SQL = "SELECT count(name) AS n FROM events";

describe("what a request costs", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let token;
  /** A file of events for each of the days. @type {Buffer[]} */
  let files;

  before(async () => {
    server = await observed();
    const shop = server.tenants.projects[0].id;
    files = await Promise.all(
      DAYS.map(async (day) => {
        const folder = path.join(demoFolder(), shop, `events/day=${day}`);
        const [name] = (await readdir(folder)).filter((file) => file.endsWith(".parquet"));
        return readFile(path.join(folder, name));
      }),
    );
    ({
      tokens: { [PROJECT.id]: token },
    } = await admitAll(server.db, [PROJECT]));
    await put(0);
    // From the second request on, the counter is asked side by side with D1.
    await cost("ping");
  });

  const put = (/** @type {number} */ day) =>
    server.lake.put(`${PROJECT.id}/events/day=${DAYS[day]}/a.parquet`, files[day]);

  /**
   * @param {string} method
   * @param {Record<string, any>} [params]
   */
  const ask = async (method, params, mcp = new Mcp(server.endpoint, token)) => {
    const { status, body, headers } = await mcp.exchange(method, params);
    assert.equal(status, 200);
    const { wasmMemory, ...cost } = JSON.parse(headers.get("x-test-cost") ?? "{}");
    return { result: body.result, cost, wasmMemory };
  };
  const cost = async (/** @type {Parameters<typeof ask>} */ ...asked) => (await ask(...asked)).cost;
  const query = (/** @type {string} */ sql) => ask("tools/call", { name: "query", arguments: { sql } });

  /** One batch of D1 and one call to the client's counter, which does not wait for it. */
  const ACCESS = { databaseCalls: 1, counters: 1, early: 1 };

  it("that asks for no data: one batch of D1 and one call to the counter, side by side", async () => {
    const nothingRead = { ...ACCESS, reads: 0, lists: 0, bytes: 0 };
    const modern = new Mcp(server.endpoint, token, MODERN);
    assert.deepEqual(await cost("ping"), nothingRead);
    assert.deepEqual(await cost("server/discover", {}, modern), nothingRead);
    assert.deepEqual(await cost("tools/call", { name: "whoami", arguments: {} }), nothingRead);
  });

  it("a question asked before: what there is, and none of the data", async () => {
    const first = await query(SQL);
    assert.ok(first.cost.bytes > 0);
    const again = await query(SQL);
    assert.deepEqual(again.result.structuredContent.rows, first.result.structuredContent.rows);
    // The manifest, which this project lacks; then the table's folder is listed.
    const whatThereIs = { ...ACCESS, reads: 1, lists: 1, bytes: 0 };
    assert.deepEqual(again.cost, whatThereIs);
    const other = await query("SELECT max(name) AS last FROM events");
    assert.equal(other.result.structuredContent.rows.length, 1);
    assert.deepEqual(other.cost, whatThereIs, "another question about the same column");
  });

  it("sees what was added, changed and taken away", async () => {
    const count = async () => Number((await query(SQL)).result.structuredContent.rows[0].n);
    const one = await count();
    await put(1);
    const two = await count();
    assert.ok(two > one, `${one} events, then ${two}`);
    await server.lake.put(`${PROJECT.id}/events/day=${DAYS[1]}/a.parquet`, files[2]);
    const other = await count();
    assert.ok(other > one && other !== two, `${two} events, then ${other}`);
    await server.lake.delete(`${PROJECT.id}/events/day=${DAYS[1]}/a.parquet`);
    assert.equal(await count(), one);
  });

  it("one day: that day's files, and not the month's", async () => {
    const shop = new Mcp(server.endpoint, server.tenants.tokens[server.tenants.projects[0].id]);
    const definitions = (/** @type {any} */ range) =>
      ask("tools/call", { name: "get_event_definitions", arguments: range }, shop);
    const day = await definitions({ startDate: "2026-06-10", endDate: "2026-06-10" });
    const month = await definitions(RANGE);
    assert.ok(day.cost.reads < month.cost.reads / 5, `${day.cost.reads} reads of a day, ${month.cost.reads} of a month`);
    // The manifest, and one run of columns for each further day: the footers came with those of the day.
    assert.equal(month.cost.reads, 1 + 29);
    assert.equal(day.cost.lists + month.cost.lists, 0, "the manifest names the files");
    assert.ok(month.wasmMemory < 128 * 1024 * 1024);
  });
});
