// `/authorize`: who asks is known, or there is a page and no redirect; from then on errors go to the app, with `state` and `iss`.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { App } from "./support/app.mjs";
import { Browser } from "./support/browser.mjs";
import { DECISION, consentPage, decide, told } from "./support/flow.mjs";
import { person, signedIn } from "./support/people.mjs";
import { assertPlain } from "./support/plain.mjs";
import { shipped } from "./support/worker.mjs";

describe("/authorize", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  /** @type {App} */
  let app;
  /** @type {Browser} */
  let browser;
  before(async () => {
    server = await shipped();
    app = await App.registered(server.url);
    browser = await signedIn(server, await person(server));
  });

  const pending = async () => (await server.db.prepare("SELECT count(*) AS n FROM pending_consents").first()).n;

  describe("RFC 6749 §4.1.2.1: an unverified app or redirect gets a page, never a redirect", () => {
    /** @param {import("./support/page.mjs").Page} page */
    function assertPageOnly(page, evil = "evil.example") {
      assert.ok(page.status >= 400 && page.status < 500, `${page.status}`);
      assert.equal(page.url.origin, server.url.origin);
      assert.equal(page.next, undefined, "it goes nowhere by itself");
      assert.equal(page.headers.get("location"), null);
      assert.ok(!page.html.includes(evil), "nor does it lead there");
      assert.ok(!page.hasForm(DECISION));
      assert.match(page.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
      assertPlain(page.text);
    }

    /** @type {Record<string, Record<string, string | undefined>>} */
    const cases = {
      "no app": { client_id: undefined },
      "an app there is not": { client_id: "app_nobody", redirect_uri: "https://evil.example/" },
      "an app that is markup": { client_id: '"><script>alert("evil.example")</script>' },
      "no redirect": { redirect_uri: undefined },
      "another host": { redirect_uri: "https://evil.example/callback" },
      "the host as a prefix": { redirect_uri: "https://app.example.evil.example/callback" },
      "the host as a user name": { redirect_uri: "https://app.example@evil.example/callback" },
      "the host before a backslash": { redirect_uri: "https://evil.example\\@app.example/callback" },
      "the host in other letters": { redirect_uri: "https://APP.EXAMPLE/callback" },
      "another port": { redirect_uri: "https://app.example:8443/callback" },
      "another scheme": { redirect_uri: "http://app.example/callback" },
      "a slash more": { redirect_uri: "https://app.example/callback/" },
      "a query more": { redirect_uri: "https://app.example/callback?to=evil.example" },
      "a fragment more": { redirect_uri: "https://app.example/callback#evil.example" },
      "a way back up": { redirect_uri: "https://app.example/callback/../evil.example" },
      "an escaped way back up": { redirect_uri: "https://app.example/callback%2f..%2fevil.example" },
      "a script": { redirect_uri: "javascript:alert('evil.example')" },
      "data": { redirect_uri: "data:text/html,evil.example" },
      "no scheme": { redirect_uri: "//evil.example/callback" },
      "line breaks": { redirect_uri: "https://app.example/callback\r\nLocation: https://evil.example/" },
    };
    for (const [what, changes] of Object.entries(cases)) {
      it(what, async () => assertPageOnly(await browser.open(app.authorizeUrl(changes))));
    }

    it("and whatever else is wrong with the request comes second", async () => {
      const changes = { redirect_uri: "https://evil.example/", response_type: "token", code_challenge: undefined, resource: "https://evil.example/" };
      assertPageOnly(await browser.open(app.authorizeUrl(changes)));
    });

    it("RFC 6749 §3.1: an app or redirect named twice", async () => {
      for (const [name, value] of [["client_id", "app_other"], ["redirect_uri", "https://evil.example/"]]) {
        const url = app.authorizeUrl();
        url.searchParams.append(name, value);
        assertPageOnly(await browser.open(url));
      }
    });

    it("an app whose registration has gone", async () => {
      const gone = await App.registered(server.url, { client_name: "Gone" });
      await server.db.prepare("UPDATE apps SET expires_at = 1 WHERE id = ?").bind(gone.id).run();
      assertPageOnly(await browser.open(gone.authorizeUrl()));
    });

    it("also for somebody who is not signed in: nobody signs in for an app that is none", async () => {
      const page = await new Browser(server.url).open(app.authorizeUrl({ redirect_uri: "https://evil.example/" }));
      assertPageOnly(page);
      assert.ok(!page.hasForm("/sign-in"));
    });
  });

  describe("RFC 6749 §4.1.2.1: a verified app is told of its error, with `state` (§4.1.2.1) and `iss` (RFC 9207 §2)", () => {
    const MARKS = "a b&c=d\"'<>%0d%0a\r\nSet-Cookie: x=1\u00e9\ud83d\ude00";
    /** @type {[string, Record<string, string | undefined>, string][]} */
    const cases = [
      ["no response type", { response_type: undefined }, "invalid_request"],
      ["the implicit grant", { response_type: "token" }, "unsupported_response_type"],
      ["a hybrid", { response_type: "code id_token" }, "unsupported_response_type"],
      ["RFC 7636 §4.4.1: no challenge", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
      ["RFC 7636 §4.3: a challenge without a method, which would be `plain`", { code_challenge_method: undefined }, "invalid_request"],
      ["RFC 7636 §4.3: `plain`", { code_challenge_method: "plain" }, "invalid_request"],
      ["a method in other letters", { code_challenge_method: "s256" }, "invalid_request"],
      ["a challenge that is none", { code_challenge: "short" }, "invalid_request"],
      ["RFC 8707 §2: another resource", { resource: "https://other.example/mcp" }, "invalid_target"],
      ["RFC 8707 §2: our origin without the path", { resource: "ORIGIN" }, "invalid_target"],
      ["RFC 6749 §3.3: a scope there is not", { scope: "mcp:analytics:read admin" }, "invalid_scope"],
      ["a request object", { request: "eyJhbGciOiJub25lIn0.e30." }, "invalid_request"],
      ["a request object elsewhere", { request_uri: "https://evil.example/" }, "invalid_request"],
      ["an answer in the fragment", { response_mode: "fragment" }, "invalid_request"],
      ["an answer in a form", { response_mode: "form_post" }, "invalid_request"],
    ];
    for (const [what, changes, error] of cases) {
      it(what, async () => {
        const before = await pending();
        const given = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value === "ORIGIN" ? server.url.origin : value]));
        const page = await browser.open(app.authorizeUrl({ ...given, state: MARKS }));
        const next = told(page);
        assert.equal(`${next.origin}${next.pathname}`, app.redirectUri);
        assert.deepEqual([...next.searchParams.keys()], ["error", "error_description", "state", "iss"]);
        assert.equal(next.searchParams.get("error"), error);
        assert.equal(next.searchParams.get("state"), MARKS);
        assert.equal(next.searchParams.get("iss"), server.url.origin);
        assert.match(next.searchParams.get("error_description") ?? "", /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/, "RFC 6749 §4.1.2.1: its alphabet");
        assert.equal(page.headers.get("set-cookie"), null);
        assert.equal(await pending(), before, "nothing waits");
      });
    }

    it("a `state` of more than 4096 bytes, without sending it back", async () => {
      const next = told(await browser.open(app.authorizeUrl({ state: "x".repeat(4097) })));
      assert.deepEqual([next.searchParams.get("error"), next.searchParams.get("state")], ["invalid_request", null]);
    });

    it("without a `state` there is none in the answer", async () => {
      const next = told(await browser.open(app.authorizeUrl({ state: undefined, response_type: "token" })));
      assert.equal(next.searchParams.has("state"), false);
    });

    it("RFC 6749 §3.1.2: a query that the redirect URI has stays", async () => {
      const uri = "https://app.example/callback?tenant=a%20b";
      const other = await App.registered(server.url, { client_name: "With a query", redirect_uris: [uri] });
      const next = told(await browser.open(other.authorizeUrl({ response_type: "token" })));
      assert.ok(next.href.startsWith(`${uri}&error=`), next.href);
    });
  });

  describe("a good request", () => {
    it("leads to consent with `state` exactly as it came, whatever is in it, and a code", async () => {
      const states = ["plain", "a b&c=d#e", "\r\nSet-Cookie: x=1", "\"><script>alert(1)</script>", "%00%0d%0a", "é😀\u2028", "x".repeat(4096)];
      for (const state of states) {
        const page = await consentPage(browser, app.authorizeUrl({ state }));
        assert.ok(!page.html.includes("<script>alert"), "it is no markup");
        const handed = await decide(browser, page);
        const next = told(handed);
        assert.deepEqual([...next.searchParams.keys()], ["code", "state", "iss"]);
        assert.equal(next.searchParams.get("state"), state);
        assert.equal(next.searchParams.get("iss"), server.url.origin);
        assert.ok(!handed.html.includes("<script>alert"));
        assert.ok(!handed.headers.getSetCookie().some((line) => line.startsWith("x=")));
      }
    });

    it("RFC 8707 §2, RFC 6749 §3.3: may leave out resource and scope, and add habits such as `offline_access`", async () => {
      for (const changes of [{ resource: undefined, scope: undefined }, { scope: "openid offline_access" }, { scope: "" }, { resource: `${server.endpoint}/` }]) {
        const page = await consentPage(browser, app.authorizeUrl(changes));
        assert.equal(page.form(DECISION).fields.filter(({ name }) => name === "scope").length, 6);
      }
    });

    it("for a native app takes any loopback port of the host registered (RFC 8252 §7.3), and no other host for it", async () => {
      const native = await App.registered(server.url, { client_name: "Native", redirect_uris: ["http://127.0.0.1/cb"] });
      const page = await consentPage(browser, native.authorizeUrl({ redirect_uri: "http://127.0.0.1:50123/cb" }));
      assert.match(page.text, /on this device/);
      const next = told(await decide(browser, page));
      assert.equal(`${next.origin}${next.pathname}`, "http://127.0.0.1:50123/cb");
      const other = await browser.open(native.authorizeUrl({ redirect_uri: "http://localhost:50123/cb" }));
      assert.equal(other.status, 400);
    });

    it("is not taken by POST, and takes nothing from a body", async () => {
      const page = await browser.post("/authorize", Object.fromEntries(app.authorizeUrl().searchParams));
      assert.ok(page.status >= 400, `${page.status}`);
      assert.ok(!page.hasForm(DECISION));
    });
  });
});
