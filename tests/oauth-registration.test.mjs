// Dynamic registration (RFC 7591): what an app may say of itself, what it gets, and how long that lasts.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { App, register } from "./support/app.mjs";
import { assertPlain } from "./support/plain.mjs";
import { granted, grantedCode } from "./support/granted.mjs";
import { person } from "./support/people.mjs";
import { oauthError, whole } from "./support/wire.mjs";
import { shipped } from "./support/worker.mjs";

const DAY_MS = 24 * 60 * 60_000;
const CALLBACK = "https://app.example/callback";
const PUBLIC = { client_name: "Example App", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" };

describe("registration", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await shipped();
  });

  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();
  const run = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).run();
  const registered = async (/** @type {any} */ metadata) => {
    const answer = await register(server.url, metadata);
    assert.equal(answer.status, 201, await answer.clone().text());
    return answer.json();
  };
  const refused = async (/** @type {any} */ metadata) => oauthError(await register(server.url, metadata));

  describe("§3.2.1: the answer", () => {
    it("of a public app, whole", async () => {
      const answer = await whole(await register(server.url, { ...PUBLIC, client_uri: "https://app.example/", scope: "everything", logo_uri: "https://x.example/" }));
      const { client_id: id, client_id_issued_at: issued, ...rest } = answer.body;
      assert.match(id, /^app_[A-Za-z0-9_-]{24}$/);
      assert.ok(Math.abs(issued - Date.now() / 1000) < 60);
      assert.equal(answer.status, 201);
      assert.deepEqual([answer.headers["cache-control"], answer.headers["access-control-allow-origin"]], ["no-store", "*"]);
      assert.deepEqual(rest, {
        client_name: "Example App",
        client_uri: "https://app.example/",
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      });
    });

    it("of an app with a secret shows it this once, and D1 has only its hash", async () => {
      for (const method of [undefined, "client_secret_basic", "client_secret_post"]) {
        const { token_endpoint_auth_method: _, ...metadata } = PUBLIC;
        const answer = await registered({ ...metadata, token_endpoint_auth_method: method });
        assert.match(answer.client_secret, /^sl_[A-Za-z0-9_-]{43}$/);
        assert.equal(answer.client_secret_expires_at, 0);
        assert.equal(answer.token_endpoint_auth_method, method ?? "client_secret_basic");
        const row = await one("SELECT * FROM apps WHERE id = ?", answer.client_id);
        assert.ok(!JSON.stringify(row).includes(answer.client_secret));
      }
    });
  });

  describe("is idempotent", () => {
    it("for a public app: the same metadata in another order, or on another loopback port, is the same app", async () => {
      const uris = ["http://127.0.0.1:1234/cb", "https://b.example/cb"];
      const ids = await Promise.all(
        [uris, [...uris].reverse(), ["http://127.0.0.1:9/cb", uris[1]], ["http://127.0.0.1/cb", uris[1]]].map(async (redirect_uris) => {
          return (await registered({ redirect_uris, token_endpoint_auth_method: "none", client_name: "Orderly" })).client_id;
        }),
      );
      assert.equal(new Set(ids).size, 1);
      assert.equal((await one("SELECT count(*) AS n FROM apps WHERE id = ?", ids[0])).n, 1);
    });

    it("when fifty starts of it register at once", async () => {
      const metadata = { ...PUBLIC, client_name: `Crowd ${Date.now()}` };
      const ids = await Promise.all(Array.from({ length: 50 }, async () => (await registered(metadata)).client_id));
      assert.equal(new Set(ids).size, 1);
    });

    it("and whoever differs in name or redirect is another app; so is each with a secret", async () => {
      const others = [
        PUBLIC,
        { ...PUBLIC, client_name: "Example App 2" },
        { ...PUBLIC, redirect_uris: [`${CALLBACK}/`] },
        { ...PUBLIC, client_uri: "https://app.example/" },
        { ...PUBLIC, token_endpoint_auth_method: "client_secret_post" },
        { ...PUBLIC, token_endpoint_auth_method: "client_secret_post" },
      ];
      const ids = await Promise.all(others.map(async (metadata) => (await registered(metadata)).client_id));
      assert.equal(new Set(ids).size, others.length);
    });
  });

  describe("§3.2.2: what is refused, with the code that says so", () => {
    const long = (/** @type {number} */ bytes) => `https://app.example/${"a".repeat(bytes - "https://app.example/".length)}`;

    it("a body over 16 KiB, and none under it for its length", async () => {
      const filled = (/** @type {number} */ bytes) => {
        const text = JSON.stringify({ ...PUBLIC, software_id: "" });
        return text.replace('"software_id":""', `"software_id":"${"x".repeat(bytes - text.length)}"`);
      };
      assert.equal((await register(server.url, filled(16_384))).status, 201);
      const { status, error } = await refused(filled(16_385));
      assert.deepEqual([status, error], [400, "invalid_client_metadata"]);
    });

    it("too many, too long and no redirect URIs", async () => {
      const many = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => `https://app.example/${index}`);
      assert.equal((await registered({ ...PUBLIC, redirect_uris: many(10) })).redirect_uris.length, 10);
      assert.equal((await registered({ ...PUBLIC, redirect_uris: [long(2048)] })).redirect_uris.length, 1);
      for (const redirect_uris of [[], undefined, many(11), [long(2049)]]) {
        assert.equal((await refused({ ...PUBLIC, redirect_uris })).error, "invalid_redirect_uri");
      }
    });

    for (const uri of [
      "javascript:alert(1)",
      "JavaScript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "blob:https://app.example/1",
      "about:blank",
      "vbscript:x",
      "view-source:https://app.example/",
      "http://app.example/callback",
      "http://10.0.0.1/callback",
      "http://localhost.evil.example/callback",
      "https://app.example/callback#fragment",
      "https://user:password@app.example/callback",
      "https://app.example@evil.example/callback",
      "https:app.example/callback",
      "https:///app.example/callback",
      "//app.example/callback",
      "/callback",
      "callback",
      "",
      "https://app.example/a b",
      "https://app.example/\r\nSet-Cookie: a=b",
      "https://app.example\\@evil.example/",
      "https://app.example/<script>",
    ]) {
      it(`RFC 9700 §2.1: the redirect URI ${JSON.stringify(uri)}`, async () => {
        const { status, error, description, cacheControl } = await refused({ ...PUBLIC, redirect_uris: [CALLBACK, uri] });
        assert.deepEqual([status, error, cacheControl], [400, "invalid_redirect_uri", "no-store"]);
        assertPlain(description);
      });
    }

    it("RFC 8252 §7: not the redirect URIs native apps have", async () => {
      for (const uri of ["cursor://anysphere.cursor-retrieval/oauth/user-x/callback", "com.example.app:/callback", "http://127.0.0.1/cb", "http://localhost:3334/cb", "http://[::1]:80/cb"]) {
        assert.deepEqual((await registered({ ...PUBLIC, redirect_uris: [uri] })).redirect_uris, [uri]);
      }
    });

    it("other grants, other response types, other ways to prove oneself", async () => {
      for (const metadata of [
        { grant_types: ["client_credentials"] },
        { grant_types: [] },
        { response_types: ["token"] },
        { token_endpoint_auth_method: "private_key_jwt" },
        { token_endpoint_auth_method: "tls_client_auth" },
        { client_uri: "javascript:alert(1)" },
        { client_uri: `https://app.example/${"a".repeat(600)}` },
        { client_name: "" },
        { client_name: "\u200b\u202e\n" },
        { client_name: "x".repeat(121) },
      ]) {
        assert.equal((await refused({ ...PUBLIC, ...metadata })).error, "invalid_client_metadata", JSON.stringify(metadata));
      }
    });

    it("what is no registration at all, in a sentence and without the inside", async () => {
      for (const body of ["", "{", "null", "[]", "1", '"x"', '{"redirect_uris": "https://app.example/"}', '{"redirect_uris": [1]}', `${"[".repeat(8000)}`]) {
        const { status, error, description } = await refused(body);
        assert.equal(status, 400, body.slice(0, 40));
        assert.match(error, /^invalid_(client_metadata|redirect_uri)$/);
        assertPlain(description);
      }
    });
  });

  it("a name cannot break headers or lines, nor turn the direction of text", async () => {
    const answer = await register(server.url, { ...PUBLIC, client_name: "Exa\u202emple\r\nSet-Cookie: a=b\u0000" });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.equal((await answer.json()).client_name, "Example Set-Cookie: a=b");
  });

  describe("a registration", () => {
    const appOf = async () => App.registered(server.url, { client_name: `Brief ${crypto.randomUUID()}` });
    const expiry = async (/** @type {App} */ app) => (await one("SELECT expires_at FROM apps WHERE id = ?", app.id)).expires_at;
    const about = (/** @type {number} */ at, /** @type {number} */ days) => assert.ok(Math.abs(at - Date.now() - days * DAY_MS) < 60_000, `${at}`);

    it("that nobody used lasts seven days; each use, ninety from then", async () => {
      const app = await appOf();
      about(await expiry(app), 7);
      const { tokens } = await granted(server, { app });
      about(await expiry(app), 90);
      await run("UPDATE apps SET expires_at = ? WHERE id = ?", Date.now() + DAY_MS, app.id);
      assert.equal((await app.refresh(tokens.refresh_token)).status, 200);
      about(await expiry(app), 90);
    });

    it("registered again does not cut a used one short", async () => {
      const metadata = { client_name: `Again ${crypto.randomUUID()}` };
      const app = await App.registered(server.url, metadata);
      await granted(server, { app });
      assert.equal((await App.registered(server.url, metadata)).id, app.id);
      about(await expiry(app), 90);
    });

    it("RFC 6749 §5.2: that has gone is answered with 401 `invalid_client`, which makes apps register again", async () => {
      const app = await appOf();
      const who = await person(server);
      const { tokens } = await granted(server, { app, who });
      const code = await grantedCode(server, app, who);
      await run("UPDATE apps SET expires_at = ? WHERE id = ?", Date.now() - 1, app.id);
      for (const answer of [await app.redeem(code), await app.refresh(tokens.refresh_token), await app.revoke(tokens.refresh_token)]) {
        const { status, error } = await oauthError(answer);
        assert.deepEqual([status, error], [401, "invalid_client"]);
      }
      await server.scheduled();
      assert.equal(await one("SELECT id FROM apps WHERE id = ?", app.id), null);
    });
  });

  it("RFC 6749 §2.3.1: a secret that is wrong, missing or sent the other way is 401, and a challenge where the header was used", async () => {
    const app = await App.registered(server.url, { token_endpoint_auth_method: "client_secret_basic" });
    const code = await grantedCode(server, app, await person(server));
    const basic = (/** @type {string} */ secret) => ({ authorization: `Basic ${Buffer.from(`${app.id}:${secret}`).toString("base64")}` });
    for (const headers of [basic("sl_wrong"), basic(""), { authorization: "Basic !!!" }, { authorization: "Bearer x" }]) {
      const answer = await app.redeem(code, {}, headers);
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic /);
      assert.equal((await answer.json()).error, "invalid_client");
    }
    const secret = app.secret;
    app.secret = undefined;
    assert.equal((await oauthError(await app.redeem(code))).error, "invalid_client");
    app.secret = secret;
    assert.equal((await app.redeem(code)).status, 200);
  });
});
