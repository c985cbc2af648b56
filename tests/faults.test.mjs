// Data that is broken, and a bucket that fails: said plainly, about the file it concerns, and the next request works.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { Mcp } from "./support/mcp.mjs";
import { assertPlain } from "./support/plain.mjs";
import { admitAll } from "./support/tenants.mjs";
import { RANGE, demoFolder, observed } from "./support/worker.mjs";

const FIXTURES = fileURLToPath(new URL("./fixtures", import.meta.url));
const DAY = "events/day=2026-06-10";
const ORGANIZATION = { id: "org_faults", name: "Faults" };

describe("broken data and a failing bucket", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {import("./support/tenants.mjs").Tenants} */
  let tenants;

  /** A day of real events. @type {Buffer} */
  let good;

  /**
   * Each project and its files.
   *
   * @type {Record<string, Record<string, () => Uint8Array | Promise<Uint8Array>>>}
   */
  const PROJECTS = {
    fault_none: {},
    fault_truncated: { [`${DAY}/a.parquet`]: () => good.subarray(0, Math.floor(good.length / 2)) },
    fault_headless: { [`${DAY}/a.parquet`]: () => good.subarray(Math.floor(good.length / 2)) },
    fault_flipped: { [`${DAY}/a.parquet`]: () => flipped(good) },
    fault_empty_file: { [`${DAY}/a.parquet`]: () => new Uint8Array() },
    fault_text: { [`${DAY}/a.parquet`]: () => new TextEncoder().encode("timestamp,name\n2026-06-10,screen_view\n") },
    fault_other_schema: { [`${DAY}/a.parquet`]: () => fixture("other_schema") },
    fault_timestamp_type: { [`${DAY}/a.parquet`]: () => fixture("timestamp_of_another_type") },
    fault_path_type: { [`${DAY}/a.parquet`]: () => fixture("path_of_another_type") },
    fault_minimal: { [`${DAY}/a.parquet`]: () => fixture("minimal") },
    fault_manifest: { "manifest.json": () => new TextEncoder().encode('{"version": 1, "tables": {"events'), [`${DAY}/a.parquet`]: () => good },
    fault_one_of_two: { [`${DAY}/a.parquet`]: () => good, "events/day=2026-06-11/b.parquet": () => good.subarray(0, 1000) },
  };

  before(async () => {
    server = await observed();
    const shop = server.tenants.projects[0].id;
    const day = path.join(demoFolder(), shop, DAY);
    const [name] = (await readdir(day)).filter((file) => file.endsWith(".parquet"));
    good = await readFile(path.join(day, name));
    for (const [project, files] of Object.entries(PROJECTS)) {
      for (const [file, bytes] of Object.entries(files)) await server.lake.put(`${project}/${file}`, await bytes());
    }
    tenants = await admitAll(server.db, Object.keys(PROJECTS).map((id) => ({ id, name: id, organization: ORGANIZATION })));
  });

  const mcp = (/** @type {string} */ project) => new Mcp(server.endpoint, tenants.tokens[project]);
  const healthy = () => new Mcp(server.endpoint, server.tenants.tokens[server.tenants.projects[0].id]);

  afterEach(async () => {
    const { rows } = await healthy().answer("query", { sql: "SELECT count(*) AS n FROM events" });
    assert.ok(Number(rows[0].n) > 0, "another project's next request works");
  });

  /** What is asked of a broken project: by a tool over sessions, by one over events, in SQL, and for its columns. */
  const QUESTIONS = [
    ["get_event_definitions", RANGE],
    ["query_events", { ...RANGE, limit: 5 }],
    ["query", { sql: "SELECT count(*) AS n, max(path) AS path, max(timestamp) AS latest FROM events" }],
  ];

  describe("a file of events that", () => {
    const broken = {
      "is cut short": "fault_truncated",
      "has lost its beginning": "fault_headless",
      "is empty": "fault_empty_file",
      "is no Parquet": "fault_text",
      "has another schema": "fault_other_schema",
      "has a timestamp that is none": "fault_timestamp_type",
      "is broken beside a good one": "fault_one_of_two",
    };
    for (const [what, project] of Object.entries(broken)) {
      it(`${what} is named, each time it is asked`, async () => {
        for (const [tool, args] of /** @type {[string, any][]} */ (QUESTIONS)) {
          for (const attempt of [1, 2]) {
            const said = await mcp(project).refusal(tool, args);
            assertPlain(said);
            assert.match(said, /events\/day=2026-06-1[01]\/[ab]\.parquet/, `${tool}, ${attempt}: ${said}`);
          }
        }
      });
    }

    it("has a column of a type nothing can be made of is named where that column is asked for, and answers otherwise", async () => {
      const said = await mcp("fault_path_type").refusal("query", { sql: "SELECT max(path) AS path FROM events" });
      assertPlain(said);
      assert.match(said, /path/);
      assert.match(said, /events\/day=2026-06-10\/a\.parquet/);
      const { events } = await mcp("fault_path_type").answer("get_event_definitions", RANGE);
      assert.deepEqual(events.map((/** @type {any} */ { name, count }) => [name, Number(count)]), [["screen_view", 20]]);
    });

    it("has flipped bits is an answer or a refusal, never the end of the server", async () => {
      for (const [tool, args] of /** @type {[string, any][]} */ (QUESTIONS)) {
        const { isError, text } = await mcp("fault_flipped").call(tool, args);
        if (isError) assertPlain(text);
      }
    });

    it("has but timestamp, name and profile_id answers", async () => {
      const { events } = await mcp("fault_minimal").answer("get_event_definitions", RANGE);
      assert.deepEqual(events.map((/** @type {any} */ { name, count }) => [name, Number(count)]), [["screen_view", 20]]);
      const overview = await mcp("fault_minimal").answer("get_analytics_overview", RANGE);
      assert.ok(JSON.stringify(overview).includes('"visitors":5'));
    });
  });

  describe("a project", () => {
    it("without any data answers with nothing, and says so", async () => {
      const { events } = await mcp("fault_none").answer("get_event_definitions", RANGE);
      assert.deepEqual(events, []);
      const overview = await mcp("fault_none").call("get_analytics_overview", RANGE);
      assert.equal(overview.isError ?? false, false, overview.text);
      assert.equal(overview.structuredContent.series.length, 30);
      const { rows } = await mcp("fault_none").answer("query", { sql: "SELECT count(*) AS n FROM events" });
      assert.equal(Number(rows[0].n), 0);
      await mcp("fault_none").answer("get_schema");
      await mcp("fault_none").answer("list_projects");
    });

    it("with a broken manifest says so, rather than guess", async () => {
      const said = await mcp("fault_manifest").refusal("get_event_definitions", RANGE);
      assertPlain(said);
      assert.match(said, /manifest\.json/);
    });
  });

  describe("a bucket that fails", () => {
    /** A question about a column that was not asked about before: what was read of others is kept. */
    const question = (/** @type {string} */ column) =>
      `SELECT ${column}, count(*) AS n FROM events GROUP BY ${column} ORDER BY n DESC, ${column} LIMIT 5`;

    for (const [read, column] of /** @type {[number, string][]} */ ([[1, "title"], [2, "region"], [3, "city"], [10, "country"]])) {
      it(`on read ${read} is a failure of ours with an id, and the same question works afterwards`, async () => {
        const client = healthy();
        const sql = question(column);
        const message = client.message("tools/call", { name: "query", arguments: { sql } });
        const failing = { ...client.headers(message), "x-test-fail-read": String(read) };
        const { status, body, headers } = await client.send(JSON.stringify(message), failing);
        const cost = JSON.parse(headers.get("x-test-cost") ?? "{}");
        assert.ok(cost.reads >= read, `the question came as far as read ${read}: ${cost.reads}`);
        assert.equal(status, 200);
        assert.equal(body.result.isError, true);
        assertPlain(body.result.content[0].text);

        const { rows } = await client.answer("query", { sql });
        assert.equal(rows.length, 5);
      });
    }

    it("in the middle of a stream ends the stream with the refusal", async () => {
      const client = healthy();
      const params = { name: "query", arguments: { sql: question("model") }, _meta: { progressToken: 1 } };
      const message = client.message("tools/call", params);
      const failing = { ...client.headers(message), "x-test-fail-read": "3" };
      const { body } = await client.send(JSON.stringify(message), failing);
      assert.equal(body.result.isError, true);
    });
  });

});

/** @param {string} name */
function fixture(name) {
  return readFile(path.join(FIXTURES, `${name}.parquet`));
}

/**
 * A byte in every hundred turned over, footer and all but the magic at both ends.
 *
 * @param {Buffer} bytes
 */
function flipped(bytes) {
  const copy = Uint8Array.from(bytes);
  for (let at = 4; at < copy.length - 8; at += 101) copy[at] ^= 0xff;
  return copy;
}
