// The limit of each client: exact however many requests come at once, its own, spent by nobody else, and told in every answer.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { before, describe, it } from "node:test";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { LEGACY, MODERN, Mcp } from "./support/mcp.mjs";
import { admitAll, newToken } from "./support/tenants.mjs";
import { observed, shipped } from "./support/worker.mjs";

describe("the limit of a client", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {import("../xtask/local/accounts.mjs").Project} */
  let project;
  before(async () => {
    server = await shipped();
    project = server.tenants.projects[0];
  });

  /** A client nobody else uses, with a limit; without one, the default applies. */
  const token = (/** @type {number | undefined} */ requestsPerMinute, /** @type {{db: any}} */ { db } = server) =>
    newToken(db, { kind: "read", organizationId: project.organization.id, projectId: project.id }, { requestsPerMinute });
  const mcp = (/** @type {string} */ token, revision = LEGACY, at = server) => new Mcp(at.endpoint, token, revision);
  const idOf = (/** @type {string} */ token) => Buffer.from(token, "base64").toString().split(":")[0];
  const setLimit = (/** @type {string} */ token, /** @type {number | null} */ limit) =>
    server.db.prepare("UPDATE api_clients SET requests_per_minute = ? WHERE id = ?").bind(limit, idOf(token)).run();

  /** Both header fields, read as the draft writes them. */
  const told = (/** @type {import("./support/mcp.mjs").Answer} */ { headers }) => {
    const policy = /^"minute";q=(\d+);w=(\d+)$/.exec(headers.get("ratelimit-policy") ?? "");
    const now = /^"minute";r=(\d+);t=(\d+)$/.exec(headers.get("ratelimit") ?? "");
    assert.ok(policy && now, `${headers.get("ratelimit-policy")} ${headers.get("ratelimit")}`);
    const [quota, window, remaining, effective] = [policy[1], policy[2], now[1], now[2]].map(Number);
    return { quota, window, remaining, effective };
  };

  describe("is exact", () => {
    const together = async (/** @type {string} */ token, /** @type {number} */ requests) => {
      const answers = await Promise.all(Array.from({ length: requests }, () => mcp(token).exchange("ping")));
      const of = (/** @type {number} */ status) => answers.filter((answer) => answer.status === status);
      assert.equal(of(200).length + of(429).length, requests);
      return { answers, granted: of(200), refused: of(429) };
    };

    it("under 50 parallel requests of a credential never seen before", async () => {
      const { granted, refused } = await together(await token(20), 50);
      assert.deepEqual([granted.length, refused.length], [20, 30]);
    });

    it("under 50 parallel requests of a credential seen before, counted side by side with the access check", async () => {
      const known = await token(31);
      assert.equal((await mcp(known).exchange("ping")).status, 200);
      const { granted, refused } = await together(known, 50);
      assert.deepEqual([granted.length, refused.length], [30, 20]);
    });

    it("so that each granted request is told another number", async () => {
      const { granted } = await together(await token(50), 50);
      const remaining = granted.map((answer) => told(answer).remaining).sort((a, b) => a - b);
      assert.deepEqual(remaining, Array.from({ length: 50 }, (_, index) => index));
    });

    it("and 60 a minute where nothing else is said", async () => {
      const usual = await token(undefined);
      const first = await together(usual, 50);
      assert.equal(first.granted.length, 50);
      const second = await together(usual, 50);
      assert.deepEqual([second.granted.length, second.refused.length], [10, 40]);
      assert.equal(told(second.refused[0]).quota, 60);
    });
  });

  describe("is the client's own", () => {
    it("one that has none left keeps no other from asking", async () => {
      const [spent, other] = [await token(1), await token(1)];
      assert.equal((await mcp(spent).exchange("ping")).status, 200);
      assert.equal((await mcp(spent).exchange("ping")).status, 429);
      assert.equal((await mcp(other).exchange("ping")).status, 200);
    });

    it("whichever way its token is sent or spelt", async () => {
      const one = await token(2);
      const respelt = one.replace(/=+$/, "");
      assert.equal((await mcp(one).exchange("ping")).status, 200);
      assert.equal((await new Mcp(`${server.endpoint}?token=${encodeURIComponent(respelt)}`).exchange("ping")).status, 200);
      assert.equal((await mcp(respelt).exchange("ping")).status, 429);
    });

    it("and changed, it applies from the next request on, up and down", async () => {
      const changed = await token(2);
      for (const status of [200, 200, 429]) assert.equal((await mcp(changed).exchange("ping")).status, status);
      await setLimit(changed, 4);
      const raised = await mcp(changed).exchange("ping");
      assert.deepEqual([raised.status, told(raised).quota, told(raised).remaining], [200, 4, 1]);
      await setLimit(changed, 3);
      const lowered = await mcp(changed).exchange("ping");
      assert.deepEqual([lowered.status, told(lowered).quota, told(lowered).remaining], [429, 3, 0]);
      await setLimit(changed, null);
      const usual = await mcp(changed).exchange("ping");
      assert.deepEqual([usual.status, told(usual).quota], [200, 60]);
    });

    it("no value outside 1 to 60000 can be stored", async () => {
      const one = await token(1);
      for (const limit of [0, -1, 60_001]) await assert.rejects(() => setLimit(one, limit), /CHECK/);
    });
  });

  describe("is spent by nobody else", () => {
    it("a wrong secret takes nothing, before and after the right one was seen, and is told nothing", async () => {
      const good = await token(3);
      const [id, secret] = Buffer.from(good, "base64").toString().split(":");
      const wrong = Buffer.from(`${id}:${secret.slice(0, -4)}AAAA`).toString("base64");
      for (const round of [2, 1, 0]) {
        const refused = await Promise.all(Array.from({ length: 10 }, () => mcp(wrong).exchange("ping")));
        for (const { status, headers } of refused) {
          assert.deepEqual([status, headers.get("ratelimit"), headers.get("ratelimit-policy")], [401, null, null]);
        }
        assert.equal(told(await mcp(good).exchange("ping")).remaining, round);
      }
    });

    it("nor does a request without a token, or one that is turned away before it", async () => {
      const good = await token(2);
      assert.equal((await new Mcp(server.endpoint).exchange("ping")).status, 401);
      const client = mcp(good);
      const elsewhere = { ...client.headers({}), origin: "https://elsewhere.example" };
      assert.equal((await client.send("{}", elsewhere)).status, 403);
      assert.equal((await fetch(server.endpoint, { headers: { authorization: `Bearer ${good}` } })).status, 405);
      assert.equal(told(await client.exchange("ping")).remaining, 1);
    });

    it("nor does a client that was revoked", async () => {
      const gone = await token(5);
      assert.equal((await mcp(gone).exchange("ping")).status, 200);
      await server.db.prepare("UPDATE api_clients SET revoked_at = ? WHERE id = ?").bind(Date.now(), idOf(gone)).run();
      const { status, headers } = await mcp(gone).exchange("ping");
      assert.deepEqual([status, headers.get("ratelimit")], [401, null]);
    });
  });

  describe("counts", () => {
    it("a request of whatever method, a notification, and what is malformed, as one each", async () => {
      const client = mcp(await token(10));
      const remaining = [];
      for (const method of ["ping", "tools/list", "resources/list", "tools/dance"]) {
        remaining.push(told(await client.exchange(method)).remaining);
      }
      const headers = client.headers({});
      for (const body of [JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }), "{{{", "[]"]) {
        remaining.push(told(await client.send(body, headers)).remaining);
      }
      remaining.push(told(await client.send("x", { ...headers, "content-type": "text/plain" })).remaining);
      assert.deepEqual(remaining, [9, 8, 7, 6, 5, 4, 3, 2]);
    });

    const batch = (/** @type {number} */ requests) =>
      JSON.stringify([
        ...Array.from({ length: requests }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" })),
        { jsonrpc: "2.0", method: "notifications/initialized" },
      ]);

    it("a batch as each of its requests, all of them or none", async () => {
      const client = mcp(await token(10), "2025-03-26");
      const fits = await client.send(batch(6), client.headers({}));
      assert.deepEqual([fits.status, fits.body.length, told(fits).remaining], [200, 6, 4]);
      const tooMany = await client.send(batch(5), client.headers({}));
      assert.equal(tooMany.status, 429);
      assert.ok(Number(tooMany.headers.get("retry-after")) >= 1);
      assert.equal(told(tooMany).remaining, 3, "the POST counts, its batch does not");
      const rest = await client.send(batch(3), client.headers({}));
      assert.deepEqual([rest.status, told(rest).remaining], [200, 0]);
    });

    it("a batch larger than the limit as one, and says that it will never fit", async () => {
      const client = mcp(await token(10), "2025-03-26");
      const { status, body } = await client.send(batch(11), client.headers({}));
      assert.equal(status, 429);
      assert.match(body.error.message, /11 requests.*10 a minute.*smaller/);
    });
  });

  describe("when it is reached", () => {
    for (const revision of [LEGACY, MODERN]) {
      it(`${revision}: says so with 429, Retry-After, the request's id and a sentence`, async () => {
        const client = mcp(await token(1), revision);
        assert.equal((await client.exchange("tools/list")).status, 200);
        const message = { ...client.message("tools/call", { name: "whoami", arguments: {} }), id: "the-id" };
        const refused = await client.send(JSON.stringify(message), client.headers(message));
        const wait = Number(refused.headers.get("retry-after"));
        assert.equal(refused.status, 429);
        assert.ok(wait >= 1 && wait <= 60, `${wait}`);
        assert.equal(refused.body.id, "the-id");
        assert.equal(refused.body.error.code, 429);
        assert.equal(refused.body.error.message, `Too many requests. Wait ${wait} seconds, then send this request again.`);
        assert.deepEqual([told(refused).remaining, told(refused).effective], [0, wait]);
      });
    }

    it("echoes the id of a request it would not have understood, and none it cannot read", async () => {
      const client = mcp(await token(1));
      assert.equal((await client.exchange("ping")).status, 200);
      const unknown = await client.exchange("tools/dance");
      assert.deepEqual([unknown.status, unknown.body.id], [429, 2]);
      const unread = await client.send("{{{", client.headers({}));
      assert.deepEqual([unread.status, "id" in unread.body, unread.body.error.code], [429, false, 429]);
    });
  });

  describe("is told", () => {
    it("in every answer to a client that was let in: results, refusals, streams", async () => {
      const client = mcp(await token(10));
      const first = told(await client.exchange("ping"));
      assert.deepEqual(first, { quota: 10, window: 60, remaining: 9, effective: 60 });
      const params = { name: "get_event_definitions", arguments: {}, _meta: { progressToken: 1 } };
      const streamed = await client.exchange("tools/call", params);
      assert.match(streamed.headers.get("content-type") ?? "", /event-stream/);
      assert.equal(told(streamed).remaining, 8);
      const badAddress = await new Mcp(`${server.endpoint}?toolsets=nonsense`, client.token).exchange("ping");
      assert.deepEqual([badAddress.status, told(badAddress).remaining], [400, 7]);
    });

    it("to pages of an allowed origin too", async () => {
      const client = mcp(await token(1));
      const origin = new URL(server.endpoint).origin;
      for (const status of [200, 429]) {
        const answer = await client.exchange("ping", undefined, { origin });
        assert.equal(answer.status, status);
        const exposed = (answer.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/,\s*/);
        for (const name of ["ratelimit", "ratelimit-policy", "retry-after"]) assert.ok(exposed.includes(name), name);
      }
    });

    it("by `whoami`, as the headers have it", async () => {
      const client = mcp(await token(10));
      await client.exchange("ping");
      const answer = await client.exchange("tools/call", { name: "whoami", arguments: {} });
      assert.equal(answer.body.result.structuredContent.requestsLeftThisMinute, 8);
      assert.equal(told(answer).remaining, 8);
    });
  });

  describe("over time", () => {
    it("outlives a restart; whoever waits as long as told is let in; of an idle client nothing stays", { timeout: 180_000 }, async () => {
      const state = await mkdtemp(path.join(tmpdir(), "sightline-limits-"));
      /** @type {import("../xtask/local/runtime.mjs").Running | undefined} */
      let worker;
      const start = async () => {
        worker = await startWorker({ state, log: () => {} });
        return worker;
      };
      try {
        const { db } = await start();
        await migrate(db);
        await admitAll(db, [{ id: project.id, name: project.name, organization: project.organization }]);
        const [limited, idle] = [await token(3, { db }), await token(3, { db })];
        const ping = (/** @type {string} */ token) => new Mcp(new URL("/mcp", worker?.url), token).exchange("ping");

        assert.equal((await ping(idle)).status, 200);
        for (const remaining of [2, 1]) assert.equal(told(await ping(limited)).remaining, remaining);
        await worker?.stop();
        await start();
        assert.equal(told(await ping(limited)).remaining, 0);
        assert.deepEqual(await grantsOnDisk(state), [1, 3]);

        for (let refused = 0; refused < 4; refused += 1) assert.equal((await ping(limited)).status, 429);
        const wait = Number((await ping(limited)).headers.get("retry-after"));
        await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        const again = await ping(limited);
        assert.equal(again.status, 200, "what was refused in between cost nothing");
        assert.ok(told(again).remaining <= 1, "only what is a minute old is free again");
        await new Promise((resolve) => setTimeout(resolve, 2000));
        const left = await grantsOnDisk(state);
        assert.equal(left.length, 1, `${left}`);
      } finally {
        await worker?.stop();
        await rm(state, { recursive: true, force: true });
      }
    });
  });

  describe("costs", () => {
    /** @type {import("./support/worker.mjs").Server} */
    let watched;
    before(async () => {
      watched = await observed();
    });
    /** Calls to counters, and how many of them did not wait for D1. */
    const asked = async (/** @type {string} */ token) => {
      const { status, headers } = await mcp(token, LEGACY, watched).exchange("ping");
      const { counters, early } = JSON.parse(headers.get("x-test-cost") ?? "{}");
      return { status, counters, early };
    };
    const change = (/** @type {string} */ token, /** @type {string} */ column, /** @type {number} */ value) =>
      watched.db.prepare(`UPDATE api_clients SET ${column} = ? WHERE id = ?`).bind(value, idOf(token)).run();

    it("one call: after the access check the first time, side by side with it from then on", async () => {
      const one = await token(10, watched);
      assert.deepEqual(await asked(one), { status: 200, counters: 1, early: 0 });
      for (let round = 0; round < 3; round += 1) assert.deepEqual(await asked(one), { status: 200, counters: 1, early: 1 });
    });

    it("no call for a wrong secret or an unknown client, whether or not the right one was seen", async () => {
      const one = await token(10, watched);
      const [id, secret] = Buffer.from(one, "base64").toString().split(":");
      const encode = (/** @type {string} */ text) => Buffer.from(text).toString("base64");
      const wrong = [encode(`${id}:${secret.slice(0, -4)}AAAA`), encode(`somebody:${secret}`)];
      for (const token of wrong) assert.deepEqual(await asked(token), { status: 401, counters: 0, early: 0 });
      assert.equal((await asked(one)).status, 200);
      for (const token of wrong) assert.deepEqual(await asked(token), { status: 401, counters: 0, early: 0 });
    });

    it("a revoked client one last call to its own counter, then none", async () => {
      const gone = await token(10, watched);
      assert.equal((await asked(gone)).status, 200);
      await change(gone, "revoked_at", Date.now());
      assert.deepEqual(await asked(gone), { status: 401, counters: 1, early: 1 });
      assert.deepEqual(await asked(gone), { status: 401, counters: 0, early: 0 });
    });

    it("a second call where a limit changed since, and only if that matters", async () => {
      const one = await token(2, watched);
      assert.equal((await asked(one)).status, 200);
      await change(one, "requests_per_minute", 3);
      assert.deepEqual(await asked(one), { status: 200, counters: 1, early: 1 });
      await change(one, "requests_per_minute", 2);
      assert.deepEqual(await asked(one), { status: 429, counters: 2, early: 1 });
    });
  });

  describe("when its counter cannot be reached", () => {
    /** @type {import("./support/worker.mjs").Server} */
    let failing;
    before(async () => {
      failing = await observed();
    });
    const linesOf = async (/** @type {() => Promise<unknown>} */ doing) => {
      const from = failing.logged.length;
      await doing();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return failing.logged.slice(from);
    };

    for (const failure of ["reject", "error", "silence"]) {
      it(`(${failure}) the request goes on without a word of limits, the fault is logged, and the next one counts again`, async () => {
        const one = await token(2, failing);
        const client = mcp(one, LEGACY, failing);
        for (const seen of ["never", "before"]) {
          const lines = await linesOf(async () => {
            const { status, headers, body } = await client.exchange(
              "tools/call",
              { name: "whoami", arguments: {} },
              { "x-test-fail-counters": failure },
            );
            assert.equal(status, 200, seen);
            assert.equal(headers.get("ratelimit"), null);
            assert.equal(body.result.isError ?? false, false);
            assert.ok(!("requestsLeftThisMinute" in body.result.structuredContent));
          });
          const faults = lines.filter((line) => line.includes("limit_unavailable"));
          assert.equal(faults.length, 1, lines.join("\n"));
          assert.equal(JSON.parse(faults[0]).status, 200);
          assert.ok(!lines.join("\n").includes(Buffer.from(one, "base64").toString().split(":")[1]));
        }
        assert.equal(told(await client.exchange("ping")).remaining, 1);
      });
    }

    it("the platform's own limit stands in, per client", { timeout: 120_000 }, async () => {
      const [busy, other] = [await token(60_000, failing), await token(60_000, failing)];
      const ask = (/** @type {string} */ one) => mcp(one, LEGACY, failing).exchange("ping", undefined, { "x-test-fail-counters": "reject" });
      /** @type {import("./support/mcp.mjs").Answer | undefined} */
      let stopped;
      // 600 a minute of the wall clock: two such minutes may be met.
      for (let sent = 0; sent < 1_300 && !stopped; sent += 50) {
        const answers = await Promise.all(Array.from({ length: 50 }, () => ask(busy)));
        stopped = answers.find(({ status }) => status === 429);
        if (sent < 550) assert.equal(stopped, undefined, `${sent + 50} requests`);
      }
      assert.ok(stopped, "at last it is stopped");
      assert.ok(Number(stopped.headers.get("retry-after")) >= 1);
      assert.equal(stopped.body.id, 1);
      assert.equal((await ask(other)).status, 200);
    });
  });

  describe("of open endpoints", () => {
    it("is the platform's own, per sender", async () => {
      const ask = (/** @type {string} */ sender) => fetch(new URL("/", server.endpoint), { headers: { "cf-connecting-ip": sender } });
      let stopped;
      for (let sent = 0; sent < 260 && !stopped; sent += 10) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => ask("203.0.113.7")));
        stopped = answers.find(({ status }) => status === 429);
        await Promise.all(answers.map((answer) => answer.text()));
      }
      assert.equal(stopped?.headers.get("retry-after"), "60");
      assert.equal((await ask("203.0.113.8")).status, 200);
      assert.equal((await fetch(new URL("/healthz", server.endpoint), { headers: { "cf-connecting-ip": "203.0.113.7" } })).status, 200);
    });
  });
});

/**
 * The grants that each counter holds on disk, fewest first; of one that holds none, nothing.
 *
 * @param {string} state
 */
async function grantsOnDisk(state) {
  const objects = path.join(state, "v3", "do");
  const folder = path.join(objects, (await readdir(objects)).find((name) => name.endsWith("-RequestLimiter")) ?? "");
  const files = (await readdir(folder)).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
  assert.ok(files.length > 0);
  const held = files.map((file) => {
    const database = new DatabaseSync(path.join(folder, file), { readOnly: true });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'grants'").all();
    const units = tables.length ? database.prepare("SELECT sum(units) AS units FROM grants").get()?.units : 0;
    database.close();
    return Number(units ?? 0);
  });
  return held.filter((units) => units > 0).sort((a, b) => a - b);
}
