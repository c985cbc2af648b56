// The authorization server in workerd: what D1 decides, what goes over the wire, and that access ends with the next request.
//
// Consent is given on pages, which have their own tests; here a code is put where consent would have put it.

import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { before, describe, it } from "node:test";

import { MODERN, Mcp } from "./support/mcp.mjs";
import { shipped } from "./support/worker.mjs";

const CALLBACK = "https://app.example/callback";
/** The example of RFC 7636, appendix B. */
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const MINUTE_MS = 60_000;
const AT_ONCE = 100;

const newSecret = () => `sl_${randomBytes(32).toString("base64url")}`;
const hashOf = (/** @type {string} */ secret) => createHash("sha256").update(secret).digest("hex");

describe("the authorization server", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {string} */
  let origin;
  /** @type {import("../xtask/local/accounts.mjs").Project} */
  let project;
  before(async () => {
    server = await shipped();
    origin = new URL(server.endpoint).origin;
    project = server.tenants.projects[0];
  });

  const run = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).run();
  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();
  const get = (/** @type {string} */ path) => fetch(`${origin}${path}`);
  const post = (/** @type {string} */ path, /** @type {Record<string, string>} */ fields, headers = {}) =>
    fetch(`${origin}${path}`, { method: "POST", headers, body: new URLSearchParams(fields) });
  const register = (/** @type {any} */ metadata) =>
    fetch(`${origin}/register`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(metadata) });

  /** @param {Partial<{sees: string}>} [options] */
  async function person({ sees = "all" } = {}) {
    const id = randomUUID();
    await run("INSERT INTO users (id, email, name, created_at) VALUES (?, ?, 'Ann', 1)", id, `${id}@acme.example`);
    await run(
      "INSERT INTO members (organization_id, user_id, role, sees, created_at) VALUES (?, ?, 'member', ?, 1)",
      project.organization.id,
      id,
      sees,
    );
    return id;
  }

  async function app() {
    const answer = await register({ client_name: "Example App", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" });
    assert.equal(answer.status, 201);
    return /** @type {string} */ ((await answer.json()).client_id);
  }

  /** A code as a person's consent leaves it. */
  async function code(/** @type {string} */ appId, /** @type {string} */ userId, lifeMs = MINUTE_MS) {
    const secret = newSecret();
    await run(
      `INSERT INTO codes (code_hash, app_id, app_name, user_id, organization_id, scope, redirect_uri, code_challenge, expires_at)
       VALUES (?, ?, 'Example App', ?, ?, 'mcp:analytics:read', ?, ?, ?)`,
      hashOf(secret),
      appId,
      userId,
      project.organization.id,
      CALLBACK,
      CHALLENGE,
      Date.now() + lifeMs,
    );
    return secret;
  }

  const redeem = (/** @type {string} */ appId, /** @type {string} */ secret, changes = {}) =>
    post("/token", {
      grant_type: "authorization_code",
      client_id: appId,
      code: secret,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      resource: `${origin}/mcp`,
      ...changes,
    });
  const refresh = (/** @type {string} */ appId, /** @type {string} */ token) =>
    post("/token", { grant_type: "refresh_token", client_id: appId, refresh_token: token });

  /** A person with an app connected. */
  async function connected(options = {}) {
    const [userId, appId] = [await person(options), await app()];
    const answer = await redeem(appId, await code(appId, userId));
    assert.equal(answer.status, 200, await answer.clone().text());
    return { userId, appId, tokens: await answer.json() };
  }

  const status = async (/** @type {string} */ token) => (await new Mcp(server.endpoint, token).exchange("ping")).status;
  const connectionOf = (/** @type {string} */ token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString()).cid;
  /** What a family looks like a while later. */
  const age = (/** @type {string} */ id, /** @type {number} */ ms) =>
    run("UPDATE refresh_tokens SET superseded_at = superseded_at - ? WHERE connection_id = ?", ms, id);

  describe("metadata", () => {
    it("is at every address at which clients look, the same and readable from any origin", async () => {
      const resource = await Promise.all(["", "/mcp"].map((end) => get(`/.well-known/oauth-protected-resource${end}`)));
      const names = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
      const paths = [...names.flatMap((name) => [name, `${name}/mcp`]), "/mcp/.well-known/openid-configuration"];
      const servers = await Promise.all(paths.map(get));
      for (const answer of [...resource, ...servers]) {
        assert.equal(answer.status, 200, answer.url);
        assert.equal(answer.headers.get("access-control-allow-origin"), "*");
        assert.equal(answer.headers.get("access-control-allow-credentials"), null);
      }
      const texts = await Promise.all(resource.map((answer) => answer.text()));
      assert.equal(texts[0], texts[1]);
      assert.equal(JSON.parse(texts[0]).resource, `${origin}/mcp`);
      const documents = await Promise.all(servers.map((answer) => answer.text()));
      assert.equal(new Set(documents).size, 1);
      assert.equal(JSON.parse(documents[0]).issuer, origin);
      assert.deepEqual(JSON.parse(texts[0]).authorization_servers, [origin]);
    });

    it("leads from the challenge to the keys, and shows no private part", async () => {
      const { headers } = await new Mcp(server.endpoint, undefined, MODERN).exchange("server/discover");
      const at = /resource_metadata="([^"]+)"/.exec(headers.get("www-authenticate") ?? "")?.[1] ?? "";
      const issuer = (await (await fetch(at)).json()).authorization_servers[0];
      const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
      const { keys } = await (await fetch(metadata.jwks_uri)).json();
      assert.ok(keys.length >= 1);
      for (const key of keys) {
        assert.equal(key.alg, "ES256");
        assert.equal("d" in key, false);
      }
    });

    it("answers preflights, and nothing else than its methods", async () => {
      const preflight = await fetch(`${origin}/token`, {
        method: "OPTIONS",
        headers: { origin: "https://client.example", "access-control-request-method": "POST" },
      });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
      assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /Authorization/);
      assert.equal((await get("/token")).status, 405);
      assert.equal((await post("/.well-known/jwks.json", {})).status, 405);
    });
  });

  describe("registration", () => {
    it("is idempotent for a public app and keeps of a secret only its hash", async () => {
      assert.equal(await app(), await app());
      const answer = await (await register({ client_name: "S", redirect_uris: [CALLBACK] })).json();
      const row = await one("SELECT secret_hash FROM apps WHERE id = ?", answer.client_id);
      assert.equal(row.secret_hash, hashOf(answer.client_secret));
    });

    it("refuses what is too long, malformed or harmful, with the code that says so", async () => {
      for (const [metadata, error] of /** @type {[any, string][]} */ ([
        [{ redirect_uris: ["javascript:alert(1)"] }, "invalid_redirect_uri"],
        [{ redirect_uris: [] }, "invalid_redirect_uri"],
        [{ redirect_uris: [CALLBACK], client_name: "x".repeat(17_000) }, "invalid_client_metadata"],
        [[], "invalid_client_metadata"],
      ])) {
        const answer = await register(metadata);
        assert.equal(answer.status, 400);
        assert.equal((await answer.json()).error, error);
        assert.equal(answer.headers.get("cache-control"), "no-store");
      }
    });
  });

  describe("a code", () => {
    it("becomes tokens that let the person's app in, and whoami says whose and which", async () => {
      const { userId, tokens } = await connected();
      assert.deepEqual([tokens.token_type, tokens.expires_in, tokens.scope], ["Bearer", 3600, "mcp:analytics:read"]);
      const answer = await new Mcp(server.endpoint, tokens.access_token).exchange("tools/call", { name: "whoami", arguments: {} });
      const { structuredContent } = answer.body.result;
      assert.equal(structuredContent.kind, "person");
      assert.equal(structuredContent.id, userId);
      assert.equal(structuredContent.app, "Example App");
      assert.ok(Date.parse(structuredContent.expiresAt) > Date.now());
      assert.equal(structuredContent.scopes.length, 6);
    });

    it("is bound to redirect, verifier and resource, and a failed try costs nothing", async () => {
      const [userId, appId] = [await person(), await app()];
      const secret = await code(appId, userId);
      for (const [changes, error] of [
        [{ redirect_uri: "https://evil.example/" }, "invalid_grant"],
        [{ code_verifier: CHALLENGE }, "invalid_grant"],
        [{ resource: "https://evil.example/mcp" }, "invalid_target"],
        [{ client_id: "app_nobody" }, "invalid_client"],
      ]) {
        const answer = await redeem(appId, secret, changes);
        assert.equal((await answer.json()).error, error);
        assert.equal(answer.status, error === "invalid_client" ? 401 : 400);
        assert.equal(answer.headers.get("cache-control"), "no-store");
      }
      assert.equal((await redeem(appId, secret)).status, 200);
      assert.equal((await redeem(appId, await code(appId, userId, -1))).status, 400);
    });

    it("redeemed a hundred times at once is won once, and its connection ends", async () => {
      const [userId, appId] = [await person(), await app()];
      const secret = await code(appId, userId);
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => redeem(appId, secret)));
      const won = answers.filter((answer) => answer.status === 200);
      assert.equal(won.length, 1);
      assert.equal(answers.filter((answer) => answer.status === 400).length, AT_ONCE - 1);
      assert.equal((await one("SELECT count(*) AS n FROM connections WHERE user_id = ?", userId)).n, 1);
      assert.equal(await status((await won[0].json()).access_token), 401);
      const { n } = await one("SELECT count(*) AS n FROM audit WHERE user_id = ? AND action = 'connection.revoked'", userId);
      assert.equal(n, 1);
    });
  });

  describe("a refresh token", () => {
    it("used a hundred times at once turns once, and signs nobody out", async () => {
      const { userId, appId, tokens } = await connected();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => refresh(appId, tokens.refresh_token)));
      const bodies = await Promise.all(answers.map((answer) => answer.json()));
      assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
      assert.equal(bodies.filter((body) => body.refresh_token !== tokens.refresh_token).length, 1);
      assert.deepEqual(new Set(await Promise.all(bodies.slice(0, 20).map((body) => status(body.access_token)))), new Set([200]));
      const { n } = await one("SELECT count(*) AS n FROM audit WHERE user_id = ? AND action = 'refresh.rotated'", userId);
      assert.equal(n, 1);
    });

    it("whose answer was lost is good again, much later", async () => {
      const { appId, tokens } = await connected();
      const lost = await (await refresh(appId, tokens.refresh_token)).json();
      await age(connectionOf(tokens.access_token), 2 * 60 * MINUTE_MS);
      const again = await (await refresh(appId, tokens.refresh_token)).json();
      assert.equal(await status(again.access_token), 200);
      assert.notEqual(again.refresh_token, lost.refresh_token);
      assert.equal((await refresh(appId, again.refresh_token)).status, 200);
    });

    it("that is old ends its family, and the app is out with the next request", async () => {
      const { userId, appId, tokens } = await connected();
      const second = await (await refresh(appId, tokens.refresh_token)).json();
      const third = await (await refresh(appId, second.refresh_token)).json();
      await age(connectionOf(tokens.access_token), MINUTE_MS);
      assert.equal(await status(third.access_token), 200);
      const replayed = await refresh(appId, tokens.refresh_token);
      assert.equal((await replayed.json()).error, "invalid_grant");
      assert.equal(await status(third.access_token), 401);
      assert.equal((await refresh(appId, third.refresh_token)).status, 400);
      const row = await one("SELECT revoked_because FROM connections WHERE user_id = ?", userId);
      assert.equal(row.revoked_because, "refresh_replayed");
    });
  });

  describe("what is taken away is gone with the next request", () => {
    it("a connection that its app gave back, by either token", async () => {
      for (const name of ["access_token", "refresh_token"]) {
        const { appId, tokens } = await connected();
        assert.equal(await status(tokens.access_token), 200);
        const answer = await post("/revoke", { client_id: appId, token: tokens[name] });
        assert.equal(answer.status, 200);
        assert.equal(await answer.text(), "");
        assert.equal(await status(tokens.access_token), 401, name);
      }
    });

    it("a person shut out, and one who left", async () => {
      const { userId, tokens } = await connected();
      await run("UPDATE users SET disabled_at = 1 WHERE id = ?", userId);
      assert.equal(await status(tokens.access_token), 401);
      await run("UPDATE users SET disabled_at = NULL WHERE id = ?", userId);
      assert.equal(await status(tokens.access_token), 200);
      await run("DELETE FROM members WHERE user_id = ?", userId);
      assert.equal(await status(tokens.access_token), 401);
    });

    it("a project no longer shown by membership or team", async () => {
      const { userId, tokens } = await connected({ sees: "named" });
      const seen = async () => {
        const answer = await new Mcp(server.endpoint, tokens.access_token).exchange("tools/call", { name: "whoami", arguments: {} });
        return answer.body.result.structuredContent.projects;
      };
      assert.equal(await seen(), 0);
      const organization = project.organization.id;
      await run("INSERT INTO member_projects (organization_id, user_id, project_id) VALUES (?, ?, ?)", organization, userId, project.id);
      assert.equal(await seen(), 1);
      await run("DELETE FROM member_projects WHERE user_id = ?", userId);
      assert.equal(await seen(), 0);
      const team = randomUUID();
      await run("INSERT INTO teams (id, organization_id, name, created_at) VALUES (?, ?, ?, 1)", team, organization, team);
      await run("INSERT INTO team_members (team_id, user_id) VALUES (?, ?)", team, userId);
      await run("INSERT INTO team_projects (team_id, project_id) VALUES (?, ?)", team, project.id);
      assert.equal(await seen(), 1);
      await run("DELETE FROM team_members WHERE team_id = ?", team);
      assert.equal(await seen(), 0);
    });
  });

  describe("an access token", () => {
    it("is refused tampered, for another audience, unsigned, or in the query", async () => {
      const { tokens } = await connected();
      const [header, claims, signature] = tokens.access_token.split(".");
      const part = (/** @type {any} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const read = (/** @type {string} */ text) => JSON.parse(Buffer.from(text, "base64url").toString());
      for (const text of [
        `${header}.${part({ ...read(claims), sub: "somebody" })}.${signature}`,
        `${header}.${part({ ...read(claims), aud: "https://other.example/mcp" })}.${signature}`,
        `${part({ ...read(header), alg: "none" })}.${claims}.`,
        `${part({ ...read(header), kid: "unknown" })}.${claims}.${signature}`,
      ]) {
        assert.equal(await status(text), 401);
      }
      const inQuery = await new Mcp(`${server.endpoint}?token=${tokens.access_token}`).exchange("ping");
      assert.equal(inQuery.status, 401);
      assert.equal(await status(tokens.access_token), 200);
    });

    it("of one name of this machine is not one of another", async () => {
      const { tokens } = await connected();
      const other = new URL(server.endpoint);
      other.hostname = other.hostname === "127.0.0.1" ? "localhost" : "127.0.0.1";
      const answer = await new Mcp(other, tokens.access_token).exchange("ping").catch(() => undefined);
      if (answer) assert.equal(answer.status, 401);
    });
  });

  describe("the scheduled run", () => {
    it("deletes what has expired and keeps what has not, however often it runs", async () => {
      const { userId, appId, tokens } = await connected();
      const stale = await code(appId, userId, -2 * 24 * 60 * MINUTE_MS);
      const fresh = await code(appId, userId);
      for (let times = 0; times < 2; times += 1) await server.scheduled();
      assert.equal(await one("SELECT 1 AS found FROM codes WHERE code_hash = ?", hashOf(stale)), null);
      assert.ok(await one("SELECT 1 AS found FROM codes WHERE code_hash = ?", hashOf(fresh)));
      assert.equal(await status(tokens.access_token), 200);
      assert.equal((await refresh(appId, tokens.refresh_token)).status, 200);
    });

    it("gives a key of thirty days a successor, and tokens of both are good", async () => {
      const { appId, tokens } = await connected();
      await run("UPDATE signing_keys SET created_at = created_at - ?", 31 * 24 * 60 * MINUTE_MS);
      await server.scheduled();
      const { keys } = await (await get("/.well-known/jwks.json")).json();
      assert.equal(keys.length, 2);
      const renewed = await (await refresh(appId, tokens.refresh_token)).json();
      const kid = (/** @type {string} */ token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url").toString()).kid;
      assert.equal(kid(renewed.access_token), keys[0].kid);
      assert.notEqual(kid(renewed.access_token), kid(tokens.access_token));
      assert.equal(await status(renewed.access_token), 200);
      assert.equal(await status(tokens.access_token), 200);
    });
  });

  it("logs no code, token or secret", async () => {
    const { tokens } = await connected();
    const logged = server.logged.join("\n");
    for (const secret of [tokens.access_token, tokens.refresh_token, VERIFIER]) assert.ok(!logged.includes(secret));
    assert.doesNotMatch(logged, /sl_[A-Za-z0-9_-]{43}/);
  });
});
