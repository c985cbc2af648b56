// What is wrong is said in a sentence a person understands, tells nothing internal, and the next request works.

import assert from "node:assert/strict";
import { afterEach, before, describe, it } from "node:test";

import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { assertPlain } from "./support/plain.mjs";
import { RANGE, shipped } from "./support/worker.mjs";

describe("bad input", () => {
  /** @type {Mcp} */
  let mcp;
  /** @type {string} */
  let projectId;
  before(async () => {
    const server = await shipped();
    projectId = server.tenants.projects[0].id;
    mcp = new Mcp(server.endpoint, server.tenants.tokens[projectId]);
  });

  afterEach(async () => {
    const { rows } = await mcp.answer("query", { sql: "SELECT 1 AS one" });
    assert.deepEqual(rows, [{ one: 1 }], "the next request works");
  });

  /**
   * @param {string} tool
   * @param {any} args
   * @param {RegExp[]} says
   */
  async function refused(tool, args, ...says) {
    const text = await mcp.refusal(tool, args);
    assertPlain(text);
    for (const expected of says) assert.match(text, expected, `${tool} ${JSON.stringify(args).slice(0, 200)}`);
  }

  describe("a tool that cannot be called so", () => {
    it("an unknown one is a protocol error", async () => {
      for (const name of ["get_everything", "", "QUERY", "query ", "__proto__", "constructor", "a".repeat(10_000)]) {
        const { status, body } = await mcp.exchange("tools/call", { name, arguments: {} });
        assert.deepEqual([status, body.error.code], [200, -32602], name.slice(0, 40));
      }
    });

    it("an unknown argument is named, with those there are", async () => {
      await refused("get_analytics_overview", { projectID: projectId }, /projectID/, /projectId/);
      await refused("query", { sql: "SELECT 1", query: "SELECT 2" }, /query/, /sql/);
      await refused("whoami", { verbose: true }, /verbose/);
    });

    it("a missing or mistyped argument is named", async () => {
      await refused("query", {}, /sql/);
      await refused("query", { sql: { text: "SELECT 1" } }, /sql/);
      await refused("query_events", { limit: "many" }, /limit/);
      await refused("query_events", { limit: 1.5 }, /limit/);
      await refused("query_events", { eventNames: { name: "screen_view" } }, /eventNames/);
      await refused("query_events", { order: "sideways" }, /order/, /newest/);
      await refused("get_event_property_values", {}, /propertyKey/);
      await refused("get_analytics_overview", { interval: "fortnight" }, /interval/, /week/);
      await refused("get_analytics_overview", { compare: "yesterday" }, /compare/, /previous/);
    });

    it("a limit out of bounds names the bounds", async () => {
      for (const limit of [0, -1, 101, 1e9]) await refused("query_events", { limit }, /100/);
      for (const limit of [0, 1001]) await refused("query", { sql: "SELECT 1", limit }, /1000|1,000/);
    });

    it("arguments that are no object are refused", async () => {
      for (const args of [[], "all", 7, true]) {
        const { status, body } = await mcp.exchange("tools/call", { name: "whoami", arguments: args });
        assert.equal(status, 200);
        assert.ok(body.error?.code === -32602 || body.result?.isError, JSON.stringify(args));
      }
    });

    it("an unknown project lists the visible ones", async () => {
      await refused("get_analytics_overview", { projectId: "nowhere" }, /nowhere/, new RegExp(projectId));
    });

    it("an unknown field names the nearest", async () => {
      const filters = (/** @type {string} */ field) => ({ ...RANGE, filters: [{ field, op: "is", values: ["x"] }] });
      await refused("get_analytics_overview", filters("contry"), /contry/, /country/);
      await refused("query_events", filters("profile.emial"), /email/);
      await refused("query_events", { ...RANGE, fields: ["pth"] }, /path/);
    });

    it("an unknown operator lists those there are", async () => {
      const filters = [{ field: "country", op: "equals", values: ["DE"] }];
      await refused("query_events", { ...RANGE, filters }, /equals/, /isNot/);
    });

    it("a pattern that is none is refused", async () => {
      const filters = [{ field: "path", op: "regex", values: ["(unclosed"] }];
      await refused("query_events", { ...RANGE, filters }, /regex|pattern|expression/i);
    });

    it("an unknown event has nothing, and the answer says where to find those there are", async () => {
      const { structuredContent, text } = await mcp.call("get_property_definitions", { ...RANGE, eventName: "scren_view" });
      assert.deepEqual(structuredContent.properties ?? [], []);
      assert.match(text, /get_event_definitions/);
    });
  });

  describe("a range", () => {
    it("that runs backwards is refused with both its ends", async () => {
      await refused("get_analytics_overview", { startDate: "2026-06-30", endDate: "2026-06-01" }, /2026-06-30/, /2026-06-01/);
    });

    it("that is no date is refused with what a date looks like", async () => {
      for (const startDate of ["June 1st", "2026-13-01", "2026-02-30", "", "2026-6-1", "00000-01-01", "now()", "2026-06-01'--"]) {
        await refused("get_analytics_overview", { startDate }, /YYYY-MM-DD/);
      }
    });

    it("of ten years is refused with the limit", async () => {
      await refused("get_analytics_overview", { startDate: "2016-06-30", endDate: "2026-06-30" }, /5 years/);
    });

    it("of one day has that day", async () => {
      const day = "2026-06-10";
      const { range, series } = await mcp.answer("get_analytics_overview", { startDate: day, endDate: day });
      assert.ok(range.start.startsWith(day) && range.end.startsWith(day));
      assert.equal(series.length, 1);
      assert.ok(series[0].pageViews > 0);
    });

    it("in the future is empty, and says that it lies in the future", async () => {
      const answer = await mcp.answer("get_analytics_overview", { startDate: "2031-01-01", endDate: "2031-01-07" });
      assert.equal(answer.series.length, 7);
      assert.ok(answer.series.every((/** @type {any} */ { pageViews }) => pageViews === 0));
      assert.match(answer.notes.join(" "), /future/);
    });
  });

  describe("SQL", () => {
    const EVERY = {
      "that writes": ["DELETE FROM events", "UPDATE events SET name = 'x'", "INSERT INTO events VALUES (1)", "DROP TABLE events", "TRUNCATE events"],
      "that defines": ["CREATE TABLE t AS SELECT 1", "CREATE VIEW v AS SELECT 1", "ALTER TABLE events ADD x INT", "SET datafusion.execution.batch_size = 1"],
      "of several statements": ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE events"],
      "that hides a statement": ["SELECT 1 /* ; */; DELETE FROM events --", "WITH t AS (DELETE FROM events) SELECT * FROM t"],
      "of other schemas and tables": ["SELECT * FROM system.tables", "SELECT * FROM secrets", "SELECT * FROM public.events.name"],
      "with functions not allowed": ["SELECT pg_sleep(10)", "SELECT version()", "SELECT pg_read_file('/etc/passwd')", "SELECT * FROM generate_series(1, 1000000000)"],
      "that is none": ["", " ", ";", "--", "hello", "SELECT", "SELECT * FROM", "SELECT 'unclosed", "\u0000", "🦆", "((((((((((", "SELECT 1 FROM events WHERE"],
    };
    for (const [what, statements] of Object.entries(EVERY)) {
      it(`${what} is refused`, async () => {
        for (const sql of statements) await refused("query", { sql });
      });
    }

    it("with a wrong column or table names the nearest", async () => {
      await refused("query", { sql: "SELECT contry FROM events" }, /contry/, /country/);
      await refused("query", { sql: "SELECT * FROM event" }, /events/);
    });

    it("with a syntax error says where", async () => {
      await refused("query", { sql: "SELECT name\nFROM events\nWHERE name = = 'x'" }, /line 3/i, /column/i);
    });

    it("a megabyte long is refused without being read to the end", async () => {
      await refused("query", { sql: `SELECT ${"1 + ".repeat(262_144)}1` });
    });

    it("nested a thousand deep is refused, not followed", async () => {
      await refused("query", { sql: `SELECT ${"(".repeat(5_000)}1${")".repeat(5_000)}` });
      await refused("query", { sql: `${"SELECT * FROM (".repeat(2_000)}SELECT 1${")".repeat(2_000)}` });
      await refused("query", { sql: `SELECT ${"NOT ".repeat(20_000)}true` });
      await refused("query", { sql: `SELECT ${"-".repeat(1)}${" - ".repeat(10_000)}1` });
    });

    it("that never ends, or joins itself to death, is stopped by time or memory, and says so", { timeout: 120_000 }, async () => {
      await refused("query", { sql: "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t" });
      await refused("query", { sql: "SELECT count(*) FROM events a, events b, events c WHERE a.path < b.path AND b.path < c.path" }, /rows/i);
      await refused("query", { sql: "SELECT count(*) FROM events a JOIN events b ON a.name = b.name" }, /second|20 s|memory/i);
      await refused("query", { sql: "SELECT a.name, array_agg(b.path) FROM events a, events b GROUP BY a.name" }, /rows|memory|bytes|MB/i);
    });

    it("with a result that is large is cut at whole rows, and says how to go on", async () => {
      const answer = await mcp.answer("query", { sql: "SELECT path FROM events ORDER BY timestamp, event_id", limit: 1000 });
      assert.equal(answer.truncated, true);
      assert.ok(answer.nextCursor);
      assert.ok(answer.rows.length <= 1000);
    });

    it("that divides by zero or overflows is refused or null, never a crash", async () => {
      for (const sql of ["SELECT 1 / 0 AS x", "SELECT 9223372036854775807 + 1 AS x", "SELECT CAST('abc' AS INT) AS x", "SELECT repeat('x', 1000000000) AS x"]) {
        const { isError, text } = await mcp.call("query", { sql });
        if (isError) assertPlain(text);
      }
    });
  });

  describe("JSON-RPC that is malformed", () => {
    it("by the hundred is answered each time with an error, in both eras, and nothing breaks", { timeout: 120_000 }, async () => {
      let tried = 0;
      for (const revision of [LEGACY, MODERN]) {
        const client = new Mcp(mcp.endpoint, mcp.token, revision);
        const good = client.message("tools/call", { name: "whoami", arguments: {} });
        for (const body of malformed(good)) {
          const { status, body: answer, text } = await client.send(body, client.headers(good));
          tried += 1;
          const what = `${revision} ${body.slice(0, 120)}: HTTP ${status} ${text.slice(0, 200)}`;
          assert.ok(status < 500, what);
          if (status === 202) continue;
          const isAnswered = answer?.error ? Number.isInteger(answer.error.code) && answer.error.message.length > 0 : answer?.result;
          assert.ok(isAnswered, what);
          assertPlain(text);
        }
      }
      assert.ok(tried >= 300, `${tried} tried`);
    });
  });
});

/**
 * Bodies made of a good message: each member taken away or replaced by each wrong thing, the text cut short, and oddities.
 *
 * @param {any} good
 * @returns {Generator<string>}
 */
function* malformed(good) {
  const wrong = [null, true, 0, -1, 1.5, 1e300, "", "x", "\u0000", "🦆", [], [1], {}, { a: { b: {} } }];
  for (const key of ["jsonrpc", "id", "method", "params"]) {
    const { [key]: _taken, ...rest } = good;
    yield JSON.stringify(rest);
    for (const value of wrong) yield JSON.stringify({ ...good, [key]: value });
  }
  for (const key of ["name", "arguments", "_meta"]) {
    for (const value of wrong) yield JSON.stringify({ ...good, params: { ...good.params, [key]: value } });
  }
  const text = JSON.stringify(good);
  for (let length = 0; length < text.length; length += Math.ceil(text.length / 40)) yield text.slice(0, length);
  yield `${text}${text}`;
  yield `${text},`;
  yield `[${text}`;
  yield `[[${text}]]`;
  yield "[]";
  yield "[1, 2]";
  yield text.replace("{", '{"id": 99, ');
  yield `\ufeff${text}`;
  yield '{"jsonrpc": "2.0", "id": 1, "result": {}}';
  yield '{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}}';
  yield "NaN";
  yield "nul";
  yield `${"[".repeat(100_000)}`;
  yield `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
  yield `{"jsonrpc": "2.0", "id": ${"9".repeat(400)}, "method": "ping"}`;
}
