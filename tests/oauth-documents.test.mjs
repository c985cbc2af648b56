// Apps whose id is the URL of their own description (client ID metadata documents), and those that sign for themselves (RFC 7523).
//
// Other hosts are the tests' own here, so that what the Worker fetches, and what it does not, is seen.

import assert from "node:assert/strict";
import { randomUUID, sign } from "node:crypto";
import { before, beforeEach, describe, it } from "node:test";

import { App } from "./support/app.mjs";
import { strangersKey } from "./support/forged.mjs";
import { codeFor, consentPage, decide, told } from "./support/flow.mjs";
import { grantedCode } from "./support/granted.mjs";
import { otherHosts } from "./support/other-hosts.mjs";
import { person, signedIn } from "./support/people.mjs";
import { oauthError } from "./support/wire.mjs";
import { brief } from "./support/worker.mjs";

const KEEP = 16 * 1024;

describe("client ID metadata documents", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {import("./support/browser.mjs").Browser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof person>>} */
  let who;
  before(async () => {
    server = await brief();
    who = await person(server);
    browser = await signedIn(server, who);
  });
  beforeEach(() => {
    otherHosts.documents.clear();
    otherHosts.asked.length = 0;
  });

  const newUrl = (host = "client.example.com") => `https://${host}/${randomUUID()}.json`;
  const callbackOf = (/** @type {string} */ url) => new URL("/callback", url).href;
  const documentOf = (/** @type {string} */ url, changes = {}) => ({ client_id: url, client_name: "Documented", redirect_uris: [callbackOf(url)], ...changes });
  const appOf = (/** @type {string} */ url) => new App(server.url, { client_id: url }, callbackOf(url));
  const publish = (/** @type {string} */ url, changes = {}, headers = {}) =>
    otherHosts.documents.set(url, { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(documentOf(url, changes)) });
  const asks = (/** @type {string} */ url) => otherHosts.asked.filter((one) => one === url).length;

  /** @param {App} app */
  async function assertRefused(app) {
    const page = await browser.open(app.authorizeUrl());
    assert.ok(page.status >= 400, `${page.status}`);
    assert.equal(page.next, undefined);
    return page;
  }

  it("one that describes its own URL connects, and consent shows its host as verified", async () => {
    const app = appOf(newUrl());
    publish(app.id);
    const page = await consentPage(browser, app.authorizeUrl());
    assert.match(page.text, /client\.example\.com verified host/);
    const code = told(await decide(browser, page)).searchParams.get("code") ?? "";
    assert.equal((await app.redeem(code)).status, 200);
  });

  describe("are fetched from the public web over https alone, and not from here", () => {
    for (const url of [
      "http://client.example.com/app.json",
      "https://client.example.com:8443/app.json",
      "https://127.0.0.1/app.json",
      "https://10.0.0.1/app.json",
      "https://169.254.169.254/latest/meta-data",
      "https://[::1]/app.json",
      "https://[fd00::1]/app.json",
      "https://0x7f000001/app.json",
      "https://2130706433/app.json",
      "https://localhost/app.json",
      "https://printer.local/app.json",
      "https://db.internal/app.json",
      "https://intranet/app.json",
      "https://user:password@client.example.com/app.json",
      "https://client.example.com/app.json#x",
      "https://client.example.com/a/../app.json",
      "https://client.example.com./app.json",
      "https://client.example.com/",
      "https://client.example.com",
      "ftp://client.example.com/app.json",
      `https://client.example.com/${"a".repeat(600)}`,
    ]) {
      it(`${url.slice(0, 80)} is never asked`, async () => {
        otherHosts.documents.set(url, { body: JSON.stringify(documentOf("https://client.example.com/app.json")) });
        await assertRefused(new App(server.url, { client_id: url }, "https://client.example.com/callback"));
        assert.deepEqual(otherHosts.asked, []);
      });
    }
  });

  describe("are refused", () => {
    /** @type {Record<string, (url: string) => import("./support/other-hosts.mjs").Document>} */
    const cases = {
      "when they describe another URL": (url) => ({ body: JSON.stringify(documentOf(url, { client_id: `${url}x` })) }),
      "when they describe none": (url) => ({ body: JSON.stringify(documentOf(url, { client_id: undefined })) }),
      "with a secret": (url) => ({ body: JSON.stringify(documentOf(url, { client_secret: "x" })) }),
      "with a way to prove oneself that needs a secret": (url) => ({ body: JSON.stringify(documentOf(url, { token_endpoint_auth_method: "client_secret_basic" })) }),
      "without redirect URIs": (url) => ({ body: JSON.stringify(documentOf(url, { redirect_uris: [] })) }),
      "with a harmful redirect URI": (url) => ({ body: JSON.stringify(documentOf(url, { redirect_uris: [callbackOf(url), "javascript:alert(1)"] })) }),
      "that are no JSON": () => ({ body: "<html>" }),
      "that call themselves a page": (url) => ({ headers: { "content-type": "text/html" }, body: JSON.stringify(documentOf(url)) }),
      "over 16 KB": (url) => ({ body: JSON.stringify(documentOf(url, { software_id: "x".repeat(KEEP) })) }),
      "that never end": (url) => ({ body: JSON.stringify(documentOf(url)) + " ".repeat(4 * 1024 * 1024) }),
      "that are elsewhere": (url) => ({ status: 302, headers: { location: "https://other.example.com/app.json", "content-type": "application/json" }, body: JSON.stringify(documentOf(url)) }),
      "that are gone": (url) => ({ status: 404, body: JSON.stringify(documentOf(url)) }),
      "whose host is down": (url) => ({ status: 503, body: JSON.stringify(documentOf(url)) }),
    };
    for (const [what, make] of Object.entries(cases)) {
      it(`${what}, on a page, and asked for anew next time: failures are not kept`, async () => {
        const app = appOf(newUrl());
        otherHosts.documents.set(app.id, { headers: { "content-type": "application/json", "cache-control": "max-age=3600" }, ...make(app.id) });
        await assertRefused(app);
        assert.deepEqual([...new Set(otherHosts.asked)], [app.id], "nothing else was asked");
        publish(app.id);
        assert.ok(await codeFor(browser, app));
      });
    }

    it("when they take longer than ten seconds", { timeout: 30_000 }, async () => {
      const app = appOf(newUrl());
      otherHosts.documents.set(app.id, { body: JSON.stringify(documentOf(app.id)), afterMs: 13_000 });
      const started = performance.now();
      await assertRefused(app);
      assert.ok(performance.now() - started < 12_000);
    });

    it("for a redirect they do not name, on a page", async () => {
      const app = appOf(newUrl());
      publish(app.id);
      app.redirectUri = "https://evil.example/callback";
      const page = await assertRefused(app);
      assert.ok(!page.html.includes("evil.example"));
    });
  });

  describe("are kept", () => {
    it("for as long as their headers say, and not where these say no", async () => {
      const [kept, unkept] = [appOf(newUrl()), appOf(newUrl())];
      publish(kept.id, {}, { "cache-control": "max-age=3600" });
      publish(unkept.id, {}, { "cache-control": "no-store" });
      for (let times = 0; times < 3; times += 1) for (const app of [kept, unkept]) assert.ok(await codeFor(browser, app));
      assert.equal(asks(kept.id), 1);
      assert.ok(asks(unkept.id) >= 3);
    });
  });

  describe("RFC 7523 §3: an app that signs for itself", () => {
    const { privateKey, publicKey } = strangersKey();
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "one", alg: "ES256", use: "sig" };
    const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");

    /** @param {App} app */
    function assertion(app, changes = {}, header = {}, key = privateKey) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: app.id, sub: app.id, aud: `${server.url.origin}/token`, iat: now, exp: now + 60, jti: randomUUID(), ...changes };
      const text = `${part({ alg: "ES256", kid: "one", ...header })}.${part(claims)}`;
      return `${text}.${sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    }
    const proof = (/** @type {string} */ text) => ({ client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: text });

    async function signing(changes = {}) {
      const app = appOf(newUrl());
      publish(app.id, { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [jwk] }, ...changes });
      return { app, code: await grantedCode(server, app, who) };
    }

    it("gets its tokens, and with the keys elsewhere as well", async () => {
      const keys = newUrl("keys.example.com");
      otherHosts.documents.set(keys, { body: JSON.stringify({ keys: [jwk] }) });
      for (const changes of [{}, { jwks: undefined, jwks_uri: keys }]) {
        const { app, code } = await signing(changes);
        const answer = await app.redeem(code, proof(assertion(app)));
        assert.equal(answer.status, 200, await answer.clone().text());
        const { refresh_token: token } = await answer.json();
        assert.equal((await app.refresh(token, proof(assertion(app)))).status, 200);
      }
    });

    it("is refused without, with another's, an old, a foreign or a used assertion: 401, and the code stays good", async () => {
      const { app, code } = await signing();
      const now = Math.floor(Date.now() / 1000);
      for (const [what, fields] of /** @type {[string, Record<string, string>][]} */ ([
        ["none", {}],
        ["another key", proof(assertion(app, {}, {}, strangersKey().privateKey))],
        ["another audience", proof(assertion(app, { aud: "https://other.example/token" }))],
        ["another app", proof(assertion(app, { sub: "https://other.example/app.json", iss: "https://other.example/app.json" }))],
        ["expired", proof(assertion(app, { iat: now - 600, exp: now - 300 }))],
        ["no end", proof(assertion(app, { exp: undefined }))],
        ["no id", proof(assertion(app, { jti: undefined }))],
        ["alg none", proof(`${part({ alg: "none" })}.${part({ iss: app.id, sub: app.id, aud: `${server.url.origin}/token`, exp: now + 60, jti: "1" })}.`)],
        ["another type", { ...proof(assertion(app)), client_assertion_type: "urn:x" }],
      ])) {
        const { status, error } = await oauthError(await app.redeem(code, fields));
        assert.deepEqual([status, error], [401, "invalid_client"], what);
      }
      const once = proof(assertion(app));
      assert.equal((await app.redeem(code, once)).status, 200);
      const second = await grantedCode(server, app, who);
      assert.equal((await oauthError(await app.redeem(second, once))).error, "invalid_client");
    });

    it("of a hundred uses of one assertion at once one is taken", async () => {
      const { app } = await signing();
      const once = proof(assertion(app));
      const codes = await Promise.all(Array.from({ length: 100 }, () => grantedCode(server, app, who)));
      const answers = await Promise.all(codes.map((code) => app.redeem(code, once)));
      assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
    });
  });
});
