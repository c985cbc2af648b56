// Two tenants, and every way there is to ask across them.
//
// Nothing of the other comes back, and nothing tells whether there is another: what is said about a project that exists and is
// not the caller's is, byte for byte, what is said about one that does not exist.

import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, it } from "node:test";

import { loadProject } from "../xtask/local/lake.mjs";
import { MODERN, Mcp } from "./support/mcp.mjs";
import { admitAll } from "./support/tenants.mjs";
import { RANGE, demoFolder, shipped } from "./support/worker.mjs";

/** A name that no text of ours contains by chance; put in place of both ids before answers are compared. */
const PLACE = "‹project›";

describe("isolation of tenants", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {import("./support/tenants.mjs").Tenants} */
  let tenants;
  /** @type {{id: string, organization: {id: string, name: string}, name: string}} */
  let mine;
  /** @type {typeof mine} */
  let theirs;
  /** An id as long as theirs, of nobody. */
  let nobodys = "";
  /** @type {Record<string, string>} */
  let callers = {};

  before(async () => {
    server = await shipped();
    mine = { id: "alder_7f3a", name: "Alder Books", organization: { id: "org_alder_51", name: "Alder Group" } };
    theirs = { id: "birch_9c1e", name: "Birch Maps", organization: { id: "org_birch_64", name: "Birch Holdings" } };
    nobodys = "cedar_2b8d";
    await loadProject(server.lake, mine.id, path.join(demoFolder(), "shop"));
    await loadProject(server.lake, theirs.id, path.join(demoFolder(), "docs"));
    tenants = await admitAll(server.db, [mine, theirs]);
    callers = { read: tenants.tokens[mine.id], root: tenants.roots[mine.organization.id] };
  });

  /**
   * Asks the same of their project and of nobody's, and compares all that comes back.
   *
   * @param {(id: string) => {method: string, params?: any, query?: string}} question
   * @param {string} [revision]
   */
  async function indistinguishable(question, revision) {
    for (const [caller, token] of Object.entries(callers)) {
      /** @type {any[]} */
      const answers = [];
      for (const id of [theirs.id, nobodys]) {
        const { method, params, query = "" } = question(id);
        const mcp = new Mcp(`${server.endpoint}${query}`, token, revision);
        const { status, headers, text, body } = await mcp.exchange(method, params);
        assert.ok(body, `an answer of the protocol, not HTTP ${status}: ${text.slice(0, 300)}`);
        if (params) assert.ok(body.error ?? body.result.isError, `a refusal, not ${text.slice(0, 300)}`);
        // `ratelimit` counts down from one request to the next, whatever was asked.
        const kept = [...headers].filter(([name]) => !["content-length", "date", "ratelimit"].includes(name));
        answers.push({ status, headers: kept, text: text.replaceAll(id, PLACE).replaceAll(encodeURIComponent(id), PLACE) });
      }
      assert.deepEqual(answers[0], answers[1], `as ${caller}`);
      assertNothingOfTheirs(answers[0].text);
    }
  }

  /** @param {string} text */
  function assertNothingOfTheirs(text) {
    for (const word of [theirs.id, theirs.name, theirs.organization.id, theirs.organization.name]) {
      assert.ok(!text.includes(word), `«${word}» in ${text.slice(0, 500)}`);
    }
  }

  describe("another tenant's project", () => {
    for (const tool of ["get_analytics_overview", "get_event_definitions", "get_property_definitions", "query_events", "get_schema"]) {
      it(`is not found by ${tool}, just as one that does not exist`, async () => {
        await indistinguishable((id) => ({ method: "tools/call", params: { name: tool, arguments: { projectId: id } } }));
      });
    }

    it("is not found by the query tool", async () => {
      const sql = "SELECT count(*) AS events FROM events";
      await indistinguishable((id) => ({ method: "tools/call", params: { name: "query", arguments: { sql, projectId: id } } }));
    });

    it("is not found by property values", async () => {
      const args = { propertyKey: "path", ...RANGE };
      await indistinguishable((id) => ({
        method: "tools/call",
        params: { name: "get_event_property_values", arguments: { ...args, projectId: id } },
      }));
    });

    it("cannot be pinned", async () => {
      for (const method of ["tools/list", "resources/list", "resources/templates/list"]) {
        await indistinguishable((id) => ({ method, query: `?project=${id}` }));
      }
      await indistinguishable((id) => ({
        method: "tools/call",
        query: `?project=${id}`,
        params: { name: "get_analytics_overview", arguments: {} },
      }));
    });

    it("has no resources, whatever the URI", async () => {
      for (const revision of ["2025-11-25", MODERN]) {
        for (const uri of [
          (/** @type {string} */ id) => `sightline://schema?project=${id}`,
          (/** @type {string} */ id) => `sightline://${id}/schema`,
          (/** @type {string} */ id) => `sightline://schema/${id}`,
          (/** @type {string} */ id) => `sightline://schema/../${id}/events`,
          (/** @type {string} */ id) => `sightline://schema/events?project=${id}`,
          (/** @type {string} */ id) => `sightline://projects/${id}`,
        ]) {
          await indistinguishable((id) => ({ method: "resources/read", params: { uri: uri(id) } }), revision);
        }
      }
    });

    it("is in no list", async () => {
      for (const token of Object.values(callers)) {
        const mcp = new Mcp(server.endpoint, token);
        for (const search of [undefined, theirs.name, theirs.id, theirs.organization.name, "%", "_"]) {
          const { text, structuredContent } = await mcp.call("list_projects", search === undefined ? {} : { search });
          const said = `${text}${JSON.stringify(structuredContent.projects ?? [])}`;
          if (search === undefined || search.length === 1) assertNothingOfTheirs(said);
          const ids = (structuredContent?.projects ?? []).map((/** @type {any} */ { id }) => id);
          assert.ok(!ids.includes(theirs.id));
        }
        const who = await mcp.call("whoami");
        assertNothingOfTheirs(who.text + JSON.stringify(who.structuredContent));
      }
    });
  });

  describe("SQL", () => {
    const across = {
      "a schema named like the project": (/** @type {string} */ id) => `SELECT * FROM "${id}".events LIMIT 1`,
      "a catalog named like it": (/** @type {string} */ id) => `SELECT * FROM "${id}".public.events LIMIT 1`,
      "a table named like it": (/** @type {string} */ id) => `SELECT * FROM "${id}" LIMIT 1`,
      "a path up and over": (/** @type {string} */ id) => `SELECT * FROM "../${id}/events" LIMIT 1`,
      "a file as a table": (/** @type {string} */ id) => `SELECT * FROM '${id}/events/day=2026-06-10/part.parquet'`,
      "a function that reads files": (/** @type {string} */ id) => `SELECT * FROM read_parquet('${id}/events/*/*.parquet')`,
      "an external table": (/** @type {string} */ id) => `CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '${id}/events/'`,
      "a copy": (/** @type {string} */ id) => `COPY events TO '${id}/events/x.parquet'`,
      "a subquery in a scalar place": (/** @type {string} */ id) => `SELECT (SELECT count(*) FROM "${id}".events) AS n`,
      "a common table expression": (/** @type {string} */ id) => `WITH t AS (SELECT * FROM "${id}".events) SELECT count(*) FROM t`,
      "a union": (/** @type {string} */ id) => `SELECT name FROM events UNION ALL SELECT name FROM "${id}".events`,
      "an explanation": (/** @type {string} */ id) => `EXPLAIN SELECT * FROM "${id}".events`,
    };
    for (const [what, sql] of Object.entries(across)) {
      it(`reaches across by no means: ${what}`, async () => {
        await indistinguishable((id) => ({
          method: "tools/call",
          params: { name: "query", arguments: { sql: sql(id), projectId: mine.id } },
        }));
        const mcp = new Mcp(server.endpoint, callers.read);
        await mcp.refusal("query", { sql: sql(theirs.id) });
      });
    }

    it("shows no catalog of what else there is", async () => {
      const mcp = new Mcp(server.endpoint, callers.root);
      for (const sql of [
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.schemata",
        "SHOW TABLES",
        "SHOW ALL",
        "DESCRIBE events",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM sqlite_master",
      ]) {
        assertNothingOfTheirs(await mcp.refusal("query", { sql, projectId: mine.id }));
      }
    });

    it("counts the rows of the caller's project alone", async () => {
      const count = async (/** @type {string} */ token, /** @type {string} */ id) => {
        const sql = "SELECT count(*) AS events, count(DISTINCT profile_id) AS people FROM events";
        return (await new Mcp(server.endpoint, token).answer("query", { sql, projectId: id })).rows[0];
      };
      const own = await count(callers.read, mine.id);
      assert.deepEqual(await count(callers.root, mine.id), own);
      assert.notDeepEqual(await count(tenants.tokens[theirs.id], theirs.id), own);
    });
  });

  describe("what one tenant was given", () => {
    const page = { ...RANGE, limit: 1 };

    it("a cursor is worth nothing to the other, and is refused as one's own of another question is", async () => {
      const foreign = (await new Mcp(server.endpoint, tenants.tokens[theirs.id]).answer("query_events", page)).nextCursor;
      assert.ok(foreign, "there is a next page");
      const mcp = new Mcp(server.endpoint, callers.read);
      const said = await mcp.refusal("query_events", { ...page, cursor: foreign });
      const own = (await mcp.answer("query_events", { ...page, order: "oldest" })).nextCursor;
      assert.equal(said, await mcp.refusal("query_events", { ...page, cursor: own }));
      assertNothingOfTheirs(said);
    });

    it("ids of the other's people, sessions and events find nothing", async () => {
      const [event] = (await new Mcp(server.endpoint, tenants.tokens[theirs.id]).answer("query_events", page)).events;
      const mcp = new Mcp(server.endpoint, callers.read);
      const nobody = async (/** @type {any} */ args) => (await mcp.answer("query_events", { ...RANGE, ...args })).events.length;
      const { profileId, sessionId } = event;
      assert.ok(profileId && sessionId, "their event has ids to try");
      const { rows } = await new Mcp(server.endpoint, callers.read).answer("query", {
        sql: `SELECT count(*) AS n FROM events WHERE session_id = '${sessionId}'`,
      });
      assert.equal(Number(rows[0].n), 0);
      assert.equal(await nobody({ sessionId }), 0);
      const own = await nobody({ profileId });
      const { rows: counted } = await mcp.answer("query", {
        sql: `SELECT count(*) AS n FROM events WHERE profile_id = '${profileId}' AND timestamp >= '2026-05-31' AND timestamp < '2026-07-02'`,
      });
      assert.ok(own <= Number(counted[0].n), "nothing but the caller's own rows");
    });

    it("a filter compares, it does not reach", async () => {
      const mcp = new Mcp(server.endpoint, callers.read);
      const hostile = [theirs.id, `' OR project_id = '${theirs.id}`, `x') UNION SELECT * FROM "${theirs.id}".events --`, "%", "\\"];
      for (const value of hostile) {
        for (const op of ["is", "contains", "startsWith"]) {
          const filters = [{ field: "name", op, values: [value] }];
          const { events } = await mcp.answer("query_events", { ...page, filters });
          assert.deepEqual(events, [], `${op} ${value}`);
        }
      }
      for (const field of [`"${theirs.id}".events.name`, `${theirs.id}.name`, "project_id", "name; --"]) {
        await mcp.refusal("query_events", { ...page, filters: [{ field, op: "isSet", values: [] }] });
      }
    });
  });

  describe("a project id that is no id", () => {
    it("is treated as unknown, and its characters do no harm", async () => {
      const mcp = new Mcp(server.endpoint, callers.root);
      const ids = [`../${theirs.id}`, `${mine.id}/../${theirs.id}`, `${mine.id}/`, "", " ", "*", "%", ".", "..", `${mine.id}\u0000`, "🦆", "a".repeat(5000)];
      for (const projectId of ids) {
        const said = await mcp.refusal("get_analytics_overview", { projectId });
        assert.ok(!said.includes(theirs.name), said);
        assert.match(said, new RegExp(mine.id), "the visible ones are listed");
      }
    });
  });
});
