// Codes and refresh tokens at the token endpoint: bound to what was agreed, good once, and safe against lost answers.
//
// Codes come from consent itself, by the pages; `oauth.test.mjs` has the races over codes put into D1.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { App, newPkce } from "./support/app.mjs";
import { codeFor, connected } from "./support/flow.mjs";
import { granted, grantedCode } from "./support/granted.mjs";
import { Mcp } from "./support/mcp.mjs";
import { person, signedIn } from "./support/people.mjs";
import { oauthError, whole } from "./support/wire.mjs";
import { shipped } from "./support/worker.mjs";

const AT_ONCE = 100;
const MINUTE_MS = 60_000;

describe("the token endpoint", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await shipped();
  });

  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();
  const run = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).run();
  const status = async (/** @type {string} */ token) => (await new Mcp(server.endpoint, token).exchange("ping")).status;
  const connections = async (/** @type {string} */ userId) =>
    (await server.db.prepare("SELECT * FROM connections WHERE user_id = ?").bind(userId).all()).results;

  /** An app, a person and a code that waits to be redeemed. */
  async function waiting(/** @type {Parameters<typeof grantedCode>[3]} */ terms) {
    const [who, app] = [await person(server), await App.registered(server.url)];
    return { who, app, code: await grantedCode(server, app, who, terms) };
  }

  describe("by the pages", () => {
    /** A code by the consent page. */
    async function consented() {
      const [who, app] = [await person(server), await App.registered(server.url)];
      const browser = await signedIn(server, who);
      return { who, app, browser, code: await codeFor(browser, app) };
    }

    it("RFC 6749 §5.1: a code becomes tokens, whole", async () => {
      const { app, code } = await consented();
      const answer = await whole(await app.redeem(code));
      const { access_token: access, refresh_token: refresh, ...rest } = answer.body;
      assert.deepEqual(rest, { token_type: "Bearer", expires_in: 3600, scope: "mcp:analytics:read" });
      assert.match(refresh, /^sl_[A-Za-z0-9_-]{43}$/);
      assert.equal(access.split(".").length, 3);
      assert.equal(answer.status, 200);
      assert.deepEqual(
        [answer.headers["cache-control"], answer.headers.pragma, answer.headers["content-type"], answer.headers["access-control-allow-origin"]],
        ["no-store", "no-cache", "application/json", "*"],
      );
      assert.equal(answer.headers["access-control-allow-credentials"], undefined);
      assert.equal(answer.headers["set-cookie"], undefined);
    });

    it("RFC 6749 §4.1.2: of a hundred redemptions of one code at once one wins, and its connection ends", async () => {
      const { who, app, code } = await consented();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => app.redeem(code)));
      const won = answers.filter((answer) => answer.status === 200);
      assert.equal(won.length, 1);
      for (const answer of answers) if (answer.status !== 200) assert.deepEqual([answer.status, (await answer.json()).error], [400, "invalid_grant"]);
      const made = await connections(who.id);
      assert.deepEqual(made.map((/** @type {any} */ row) => row.revoked_because), ["code_replayed"]);
      assert.equal(await status((await won[0].json()).access_token), 401);
    });

    it("RFC 9700 §4.14.2: of a hundred uses of one refresh token at once one turns it, and nobody is signed out", async () => {
      const { who, app, tokens } = await connected(server);
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => app.refresh(tokens.refresh_token)));
      const bodies = await Promise.all(answers.map((answer) => answer.json()));
      assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
      const turned = bodies.filter((body) => body.refresh_token !== tokens.refresh_token);
      assert.equal(turned.length, 1);
      const [row] = await connections(who.id);
      assert.equal(row.revoked_at, null);
      assert.equal((await app.refresh(turned[0].refresh_token)).status, 200);
    });

    it("several connections of one person and app live side by side, and ending one ends no other", async () => {
      const first = await connected(server);
      const second = await connected(server, { who: first.who, app: first.app });
      assert.notEqual(first.connectionId, second.connectionId);
      assert.equal((await first.app.revoke(first.tokens.refresh_token)).status, 200);
      assert.deepEqual([await status(first.tokens.access_token), await status(second.tokens.access_token)], [401, 200]);
    });
  });

  describe("RFC 6749 §4.1.3: a code is bound", () => {
    it("to its app: another that has it gets nothing, and the owner still may", async () => {
      const { app, code, who } = await waiting();
      const thief = await App.registered(server.url, { client_name: "Thief", redirect_uris: ["https://thief.example/"] });
      for (const changes of [{}, { redirect_uri: app.redirectUri, code_verifier: app.pkce.verifier }]) {
        assert.equal((await oauthError(await thief.redeem(code, changes))).error, "invalid_grant");
      }
      assert.deepEqual(await connections(who.id), []);
      assert.equal((await app.redeem(code)).status, 200);
    });

    for (const [what, uri] of [
      ["another", "https://evil.example/"],
      ["none", undefined],
      ["one with a slash more", "https://app.example/callback/"],
      ["one with a query more", "https://app.example/callback?x=1"],
      ["the same in other letters", "https://APP.example/callback"],
    ]) {
      it(`to its redirect URI: ${what} is refused`, async () => {
        const { app, code } = await waiting();
        const { status, error } = await oauthError(await app.redeem(code, { redirect_uri: uri }));
        assert.deepEqual([status, error], [400, uri ? "invalid_grant" : "invalid_request"]);
        assert.equal((await app.redeem(code)).status, 200);
      });
    }

    it("RFC 8252 §7.3: to the loopback port it was asked with, whatever was registered", async () => {
      const app = await App.registered(server.url, { client_name: "Native", redirect_uris: ["http://127.0.0.1/cb"] });
      app.redirectUri = "http://127.0.0.1:51234/cb";
      const code = await grantedCode(server, app, await person(server));
      assert.equal((await oauthError(await app.redeem(code, { redirect_uri: "http://127.0.0.1:51235/cb" }))).error, "invalid_grant");
      assert.equal((await app.redeem(code)).status, 200);
    });

    it("RFC 7636 §4.6: to its verifier; the challenge itself is none, nor is another's", async () => {
      const { app, code } = await waiting();
      for (const verifier of [app.pkce.challenge, newPkce().verifier, `${app.pkce.verifier}x`, app.pkce.verifier.toLowerCase(), "short"]) {
        const { status, error } = await oauthError(await app.redeem(code, { code_verifier: verifier }));
        assert.equal(status, 400, verifier);
        assert.match(error, /^invalid_(grant|request)$/);
      }
      assert.equal((await oauthError(await app.redeem(code, { code_verifier: undefined }))).status, 400);
      assert.equal((await app.redeem(code)).status, 200);
    });

    it("RFC 8707 §2: to our resource, named or not; a foreign one is `invalid_target`", async () => {
      const { app, code } = await waiting();
      for (const resource of ["https://other.example/mcp", server.url.origin, `${server.endpoint}/x`, `${server.endpoint}#x`]) {
        assert.equal((await oauthError(await app.redeem(code, { resource }))).error, "invalid_target", resource);
      }
      const redeemed = await app.redeem(code, { resource: undefined });
      assert.equal(redeemed.status, 200);
      const { refresh_token: token } = await redeemed.json();
      assert.equal((await oauthError(await app.refresh(token, { resource: "https://other.example/mcp" }))).error, "invalid_target");
      assert.equal((await app.refresh(token, { resource: server.endpoint })).status, 200);
    });

    it("to its time", async () => {
      const { app, code, who } = await waiting({ lifeMs: -1 });
      assert.equal((await oauthError(await app.redeem(code))).error, "invalid_grant");
      assert.deepEqual(await connections(who.id), []);
    });
  });

  it("RFC 6749 §4.1.2: a code used twice ends what the first use made, whoever comes second and with whatever", async () => {
    for (const changes of [{}, { code_verifier: newPkce().verifier }, { redirect_uri: "https://evil.example/" }]) {
      const { app, code, who } = await waiting();
      const tokens = await (await app.redeem(code)).json();
      assert.equal(await status(tokens.access_token), 200);
      const { status: refused, error } = await oauthError(await app.redeem(code, changes));
      assert.deepEqual([refused, error], [400, "invalid_grant"]);
      assert.equal(await status(tokens.access_token), 401);
      assert.equal((await oauthError(await app.refresh(tokens.refresh_token))).error, "invalid_grant");
      assert.equal((await connections(who.id))[0].revoked_because, "code_replayed");
    }
  });

  it("RFC 6749 §5.2: what is no request, or asks for another grant, says so", async () => {
    const { app, code } = await waiting();
    for (const [fields, error] of /** @type {[Record<string, string | undefined>, string][]} */ ([
      [{ grant_type: undefined }, "invalid_request"],
      [{ grant_type: "password", username: "a", password: "b" }, "unsupported_grant_type"],
      [{ grant_type: "client_credentials" }, "unsupported_grant_type"],
      [{ code: undefined }, "invalid_request"],
      [{ code: "sl_wrong" }, "invalid_grant"],
      [{ code: `sl_${"a".repeat(43)}` }, "invalid_grant"],
    ])) {
      assert.equal((await oauthError(await app.redeem(code, fields))).error, error, JSON.stringify(fields));
    }
    const doubled = new URLSearchParams({ grant_type: "authorization_code", client_id: app.id, code, redirect_uri: app.redirectUri });
    doubled.append("code", code);
    const send = (/** @type {any} */ body, headers = {}) => fetch(new URL("/token", server.url), { method: "POST", body, headers });
    assert.equal((await oauthError(await send(doubled))).error, "invalid_request");
    assert.equal((await oauthError(await send(JSON.stringify({ grant_type: "x" }), { "content-type": "application/json" }))).error, "invalid_request");
    assert.equal((await oauthError(await send(`grant_type=${"x".repeat(100_000)}`, { "content-type": "application/x-www-form-urlencoded" }))).status, 400);
    assert.equal((await app.redeem(code)).status, 200);
  });

  describe("a refresh token", () => {
    it("RFC 6749 §6: is its app's; another that has it gets nothing and ends nothing", async () => {
      const { app, tokens } = await granted(server);
      const thief = await App.registered(server.url, { client_name: "Thief", redirect_uris: ["https://thief.example/"] });
      assert.equal((await oauthError(await thief.refresh(tokens.refresh_token))).error, "invalid_grant");
      assert.equal((await thief.revoke(tokens.refresh_token)).status, 200);
      assert.equal(await status(tokens.access_token), 200);
      assert.equal((await app.refresh(tokens.refresh_token)).status, 200);
    });

    it("of which every second answer is lost still keeps its person signed in, for as long as one likes", async () => {
      const { app, tokens, connectionId } = await granted(server);
      let held = tokens.refresh_token;
      for (let round = 0; round < 10; round += 1) {
        await app.refresh(held);
        // The next try comes late: the minute of grace is over.
        await run("UPDATE refresh_tokens SET superseded_at = superseded_at - ? WHERE connection_id = ?", 5 * MINUTE_MS, connectionId);
        const answer = await app.refresh(held);
        assert.equal(answer.status, 200, `round ${round}`);
        const body = await answer.json();
        assert.notEqual(body.refresh_token, held);
        assert.equal(await status(body.access_token), 200);
        held = body.refresh_token;
      }
    });

    it("RFC 9700 §4.14.2: stolen and used by both: whoever is second ends the family, and it is in the audit log", async () => {
      const { app, tokens, connectionId, who } = await granted(server);
      const thief = await (await app.refresh(tokens.refresh_token)).json();
      const further = await (await app.refresh(thief.refresh_token)).json();
      await run("UPDATE refresh_tokens SET superseded_at = superseded_at - ? WHERE connection_id = ?", 5 * MINUTE_MS, connectionId);
      assert.equal((await oauthError(await app.refresh(tokens.refresh_token))).error, "invalid_grant");
      for (const token of [tokens, thief, further]) {
        assert.equal(await status(token.access_token), 401);
        assert.equal((await oauthError(await app.refresh(token.refresh_token))).error, "invalid_grant");
      }
      const row = await one("SELECT detail FROM audit WHERE user_id = ? AND action = 'connection.revoked'", who.id);
      assert.deepEqual(JSON.parse(row.detail), { connection: connectionId, because: "refresh_replayed" });
    });

    it("ends with its connection's thirty days, however often it was turned", async () => {
      const { app, tokens, connectionId } = await granted(server);
      const { created_at: made, expires_at: end } = await one("SELECT created_at, expires_at FROM connections WHERE id = ?", connectionId);
      assert.equal(end - made, 30 * 24 * 60 * MINUTE_MS);
      const next = await (await app.refresh(tokens.refresh_token)).json();
      assert.equal((await one("SELECT expires_at FROM connections WHERE id = ?", connectionId)).expires_at, end);
      await run("UPDATE connections SET expires_at = ? WHERE id = ?", Date.now() - 1, connectionId);
      assert.equal((await oauthError(await app.refresh(next.refresh_token))).error, "invalid_grant");
      assert.equal(await status(next.access_token), 401);
    });

    it("at rest is a hash: no token, code or secret is in any row", async () => {
      const { tokens, app } = await connected(server);
      await app.refresh(tokens.refresh_token);
      for (const table of ["apps", "codes", "connections", "refresh_tokens", "pending_consents", "audit"]) {
        const { results } = await server.db.prepare(`SELECT * FROM ${table}`).all();
        const text = JSON.stringify(results);
        assert.doesNotMatch(text, /sl_[A-Za-z0-9_-]{43}/, table);
        assert.ok(!text.includes(tokens.access_token), table);
      }
    });
  });

  describe("RFC 7009: revocation", () => {
    it("§2.2: of what is unknown or void already is no error, and tells nothing", async () => {
      const { app, tokens } = await granted(server);
      for (const token of ["x", `sl_${"a".repeat(43)}`, "a.b.c", tokens.refresh_token, tokens.refresh_token, tokens.access_token]) {
        const { status, body } = await whole(await app.revoke(token));
        assert.deepEqual([status, body], [200, ""]);
      }
      assert.equal((await oauthError(await app.post("/revoke", { client_id: app.id }))).error, "invalid_request");
      assert.equal((await oauthError(await app.post("/revoke", { client_id: "app_nobody", token: "x" }))).status, 401);
    });

    it("is seen by the very next request, also of a client that was being served a moment ago", async () => {
      const { app, tokens } = await granted(server);
      const mcp = new Mcp(server.endpoint, tokens.access_token);
      for (let times = 0; times < 5; times += 1) assert.equal((await mcp.exchange("ping")).status, 200);
      await app.revoke(tokens.access_token);
      for (let times = 0; times < 5; times += 1) assert.equal((await mcp.exchange("ping")).status, 401);
    });
  });
});
