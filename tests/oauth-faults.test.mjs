// The database or the counters failing at each step of each flow: a clear answer, no half-made connection, nobody signed out.
//
// Each step is first done whole, which says how many calls to D1 it makes; then it is done anew for each call, with that call failing
// before it did anything, or after, so that only its answer is lost.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";

import { App, register } from "./support/app.mjs";
import { Browser } from "./support/browser.mjs";
import { WHEN, assertUnavailablePage, atEachCall, callsOf, failing } from "./support/faulty.mjs";
import { DECISION, connected, consentPage, decide, told } from "./support/flow.mjs";
import { granted, grantedCode } from "./support/granted.mjs";
import { Mcp } from "./support/mcp.mjs";
import { person, signIn, signedIn } from "./support/people.mjs";
import { assertPlain } from "./support/plain.mjs";
import { observed } from "./support/worker.mjs";

describe("a failing database", () => {
  /** @type {import("./support/worker.mjs").Server} */
  let server;
  before(async () => {
    server = await observed();
  });

  const one = (/** @type {string} */ sql, /** @type {any[]} */ ...values) => server.db.prepare(sql).bind(...values).first();
  const status = async (/** @type {string} */ token) => (await new Mcp(server.endpoint, token).exchange("ping")).status;

  /** @param {Response} answer */
  async function assertUnavailable(answer) {
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const { error, error_description: description } = await answer.json();
    assert.equal(error, "temporarily_unavailable");
    assertPlain(description);
  }

  it("at each call of a registration: 503, and the next try makes the app", async () => {
    const prepare = async () => ({ client_name: `Fault ${crypto.randomUUID()}`, redirect_uris: ["https://app.example/cb"], token_endpoint_auth_method: "none" });
    await atEachCall(prepare, (metadata, headers) => register(server.url, metadata, headers), async (metadata, answer) => {
      await assertUnavailable(answer);
      const again = await register(server.url, metadata);
      assert.equal(again.status, 201);
      assert.equal((await one("SELECT count(*) AS n FROM apps WHERE name = ?", metadata.client_name)).n, 1);
    });
  });

  it("at each call of a redemption: 503, and afterwards tokens or none, never a connection nobody holds", async () => {
    const prepare = async () => {
      const [who, app] = [await person(server), await App.registered(server.url)];
      return { who, app, code: await grantedCode(server, app, who) };
    };
    await atEachCall(prepare, ({ app, code }, headers) => app.redeem(code, {}, headers), async ({ app, who, code }, answer, when, call) => {
      await assertUnavailable(answer);
      const again = await app.redeem(code);
      const alive = await one("SELECT count(*) AS n FROM connections WHERE user_id = ? AND revoked_at IS NULL", who.id);
      if (again.status === 200) {
        assert.equal(alive.n, 1);
        assert.equal(await status((await again.json()).access_token), 200);
        return;
      }
      assert.equal(when, "after", `call ${call} did nothing, so the code must still be good`);
      assert.deepEqual([again.status, (await again.json()).error, alive.n], [400, "invalid_grant", 0]);
    });
  });

  it("at each call of a refresh: 503, the connection lives, and the same token is good again", async () => {
    await atEachCall(() => granted(server), ({ app, tokens }, headers) => app.refresh(tokens.refresh_token, {}, headers), async ({ app, tokens, who }, answer) => {
      await assertUnavailable(answer);
      assert.equal(await status(tokens.access_token), 200);
      const again = await app.refresh(tokens.refresh_token);
      assert.equal(again.status, 200, "a lost answer signs nobody out");
      const body = await again.json();
      assert.equal(await status(body.access_token), 200);
      assert.equal((await app.refresh(body.refresh_token)).status, 200);
      assert.equal((await one("SELECT count(*) AS n FROM connections WHERE user_id = ? AND revoked_at IS NULL", who.id)).n, 1);
    });
  });

  it("at each call of a revocation: 503, and the next try ends the connection", async () => {
    await atEachCall(() => granted(server), ({ app, tokens }, headers) => app.revoke(tokens.refresh_token, headers), async ({ app, tokens }, answer) => {
      await assertUnavailable(answer);
      assert.equal((await app.revoke(tokens.refresh_token)).status, 200);
      assert.equal(await status(tokens.access_token), 401);
    });
  });

  it("while the keys are asked for, or a token is checked at `/mcp`: no 401, which would end a good sign-in", async () => {
    const { tokens } = await granted(server);
    const mcp = new Mcp(server.endpoint, tokens.access_token);
    const calls = callsOf(await mcp.exchange("ping"));
    for (const when of WHEN) {
      for (let call = 1; call <= calls; call += 1) {
        const { status, headers, body } = await mcp.exchange("ping", undefined, failing(call, when));
        assert.equal(status, 503, `${when} call ${call}`);
        assert.equal(headers.get("www-authenticate"), null);
        assertPlain(body.error.message);
      }
    }
    assert.equal((await mcp.exchange("ping")).status, 200);
  });

  it("at each call of an authorization request: a page with an id, and no redirect", async () => {
    const prepare = async () => ({ app: await App.registered(server.url), browser: await signedIn(server, await person(server)) });
    const step = (/** @type {Awaited<ReturnType<typeof prepare>>} */ { app, browser }, /** @type {Record<string, string>} */ headers) => browser.fetch(app.authorizeUrl(), { headers });
    await atEachCall(prepare, step, async ({ app, browser }, page) => {
      assertUnavailablePage(page);
      assert.ok((await consentPage(browser, app.authorizeUrl())).hasForm(DECISION));
    });
  });

  it("at each call of the consent page: a page with an id, still signed in, and it can be asked for again", async () => {
    const prepare = async () => {
      const [app, browser] = [await App.registered(server.url), await signedIn(server, await person(server))];
      return { browser, at: (await consentPage(browser, app.authorizeUrl())).url };
    };
    await atEachCall(prepare, ({ browser, at }, headers) => browser.fetch(at, { headers }), async ({ browser, at }, page) => {
      assertUnavailablePage(page);
      assert.ok((await browser.open(at)).hasForm(DECISION));
    });
  });

  it("at each call of consent's answer: a page with an id, no connection, and at most one code", async () => {
    const prepare = async () => {
      const [who, app] = [await person(server), await App.registered(server.url)];
      const browser = await signedIn(server, who);
      return { who, app, browser, page: await consentPage(browser, app.authorizeUrl()) };
    };
    await atEachCall(prepare, ({ browser, page }, headers) => decide(browser, page, {}, headers), async ({ who, app, browser, page }, failed, when, call) => {
      assertUnavailablePage(failed);
      const again = await decide(browser, page);
      if (again.next) assert.equal((await app.redeem(told(again).searchParams.get("code") ?? "")).status, 200);
      else assert.equal(when, "after", `call ${call} did nothing, so the question must still stand`);
      assert.ok((await one("SELECT count(*) AS n FROM codes WHERE user_id = ?", who.id)).n <= 1);
      const { browser: sameBrowser } = await connected(server, { who, app });
      assert.ok(sameBrowser, "and whoever starts again gets in");
    });
  });

  it("at each call of a sign-in: a page with an id, no word of a wrong password, and the next try signs in", async () => {
    const prepare = async () => {
      const who = await person(server);
      const browser = new Browser(server.url);
      return { who, browser, page: await browser.open("/sign-in") };
    };
    const step = async (/** @type {Awaited<ReturnType<typeof prepare>>} */ { who, browser, page }, /** @type {Record<string, string>} */ headers) => {
      const form = page.form("/sign-in");
      const body = new URLSearchParams([...form.fields.filter(({ type }) => type === "hidden").map(({ name, value }) => [name, value]), ["email", who.email], ["password", who.password]]);
      return browser.fetch("/sign-in", { method: "POST", body, headers: { origin: server.url.origin, ...headers } });
    };
    await atEachCall(prepare, step, async ({ who, browser, page }, failed) => {
      // What only writes down that it happened may fail without stopping anybody.
      if (failed.status < 400) return;
      assertUnavailablePage(failed);
      assert.doesNotMatch(failed.text, /not right/);
      assert.equal((await signIn(browser, who, page)).status, 200);
      assert.ok((await browser.open("/connections")).text.includes("Connections"));
    });
  });

  it("at each call of the connections page, of renaming and of revoking: a page with an id, still signed in, and it works afterwards", async () => {
    const prepare = async () => {
      const made = await connected(server);
      return { ...made, page: await made.browser.open("/connections") };
    };
    await atEachCall(prepare, ({ browser }, headers) => browser.fetch("/connections", { headers }), async ({ browser }, page) => {
      assertUnavailablePage(page);
      assert.equal((await browser.open("/connections")).status, 200);
    });
    for (const [action, changes] of /** @type {[string, Record<string, string>][]} */ ([["/connections/rename", { name: "Renamed" }], ["/connections/revoke", {}]])) {
      const step = (/** @type {Awaited<ReturnType<typeof prepare>>} */ { browser, page, connectionId }, /** @type {Record<string, string>} */ headers) => {
        const form = page.form(action, { id: connectionId });
        const body = new URLSearchParams([...form.fields.filter(({ name }) => !(name in changes)).map(({ name, value }) => [name, value]), ...Object.entries(changes)]);
        return browser.fetch(action, { method: "POST", body, headers: { origin: server.url.origin, ...headers } });
      };
      await atEachCall(prepare, step, async (state, failed) => {
        if (failed.status < 400) return;
        assertUnavailablePage(failed);
        const again = await step(state, {});
        assert.ok(again.status < 400, `${action}: ${again.status}`);
        assert.equal(await status(state.tokens.access_token), action.endsWith("revoke") ? 401 : 200);
      });
    }
  });
});

describe("failing counters", () => {
  for (const failure of ["reject", "error", "silence"]) {
    it(`stop nobody (${failure}): the whole flow from registration to a tool's answer goes on`, async () => {
      const server = await observed();
      const headers = { "x-test-fail-counters": failure };
      const metadata = { client_name: "Uncounted", redirect_uris: ["https://app.example/callback"], token_endpoint_auth_method: "none" };
      const app = new App(server.url, await (await register(server.url, metadata, headers)).json(), metadata.redirect_uris[0]);
      const browser = await signedIn(server, await person(server));
      const page = await browser.open(app.authorizeUrl(), headers);
      const code = told(await decide(browser, page, {}, headers)).searchParams.get("code") ?? "";
      const tokens = await (await app.redeem(code, {}, headers)).json();
      const renewed = await (await app.refresh(tokens.refresh_token, {}, headers)).json();
      const mcp = new Mcp(server.endpoint, renewed.access_token);
      assert.equal((await mcp.exchange("tools/call", { name: "whoami", arguments: {} }, headers)).status, 200);
      assert.equal((await app.revoke(renewed.refresh_token, headers)).status, 200);
      assert.equal((await mcp.exchange("ping", undefined, headers)).status, 401);
    });
  }
});
