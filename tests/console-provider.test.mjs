// Signing in at an OpenID Connect provider: a real one, started by the tests.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { OAuth2Server } from "oauth2-mock-server";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { App } from "./support/app.mjs";
import { Browser } from "./support/browser.mjs";
import { decide, told } from "./support/flow.mjs";

describe("signing in at a provider", () => {
  /** @type {any} */
  let provider;
  /** @type {import("../xtask/local/runtime.mjs").Running} */
  let worker;
  /** @type {string[]} */
  const logged = [];
  /** @type {Record<string, unknown>} */
  let claims = {};
  before(async () => {
    provider = new OAuth2Server();
    await provider.issuer.keys.generate("RS256");
    await provider.start(0, "localhost");
    provider.service.on("beforeTokenSigning", (/** @type {any} */ token) => Object.assign(token.payload, claims));
    worker = await startWorker({
      host: "localhost",
      vars: {
        OIDC_ISSUER: provider.issuer.url,
        OIDC_CLIENT_ID: "sightline",
        OIDC_NAME: "Northwind ID",
        OIDC_RULES: JSON.stringify([{ organization_id: "acme", domain: "acme.example" }]),
        PASSWORD_SIGN_IN: "off",
      },
      log: (line) => logged.push(line),
    });
    await migrate(worker.db);
    await worker.db.prepare("INSERT INTO organizations (id, name, created_at) VALUES ('acme', 'Acme', 1)").run();
    await worker.db.prepare("INSERT INTO projects (id, organization_id, name, created_at) VALUES ('shop', 'acme', 'Shop', 1)").run();
  });
  after(async () => {
    await worker.stop();
    await provider.stop();
  });

  /** To the provider and back, as a browser goes. */
  async function there(/** @type {Browser} */ browser, /** @type {any} */ page) {
    const form = page.form("/sign-in/provider");
    const leaving = await browser.submit(page, form);
    assert.equal(leaving.status, 200, leaving.text);
    assert.equal(leaving.headers.get("location"), null);
    const asked = /** @type {URL} */ (leaving.next);
    assert.equal(asked.origin, new URL(provider.issuer.url).origin);
    const back = await fetch(asked, { redirect: "manual" });
    return new URL(back.headers.get("location") ?? "");
  }

  it("names the app first, asks consent afterwards, and lets in whom a rule lets in", async () => {
    claims = { sub: "u-1", email: "ada@acme.example", email_verified: true, name: "Ada" };
    const app = await App.registered(worker.url, { client_name: "Provider Tests" });
    const browser = new Browser(worker.url);
    const page = await browser.open(app.authorizeUrl());
    assert.ok(page.text.includes("Provider Tests (app.example)") && page.text.includes("Continue with Northwind ID"));
    assert.ok(!page.hasForm("/sign-in"), "no passwords here");
    const callback = await there(browser, page);
    assert.equal(callback.pathname, "/sign-in/provider/callback");
    const stranger = await new Browser(worker.url).open(callback);
    assert.equal(stranger.status, 403, "another browser's");
    const consent = await browser.open(callback);
    assert.match(consent.heading, /Connect Provider Tests\?/, consent.text);
    const code = told(await decide(browser, consent)).searchParams.get("code") ?? "";
    assert.equal((await app.redeem(code)).status, 200);
    assert.equal((await browser.open(callback)).status, 403, "once");
    assert.equal((await worker.db.prepare("SELECT count(*) AS n FROM oidc_links").first()).n, 1);
    assert.ok(!logged.join("\n").includes("ada@acme.example"));
  });

  it("lets in nobody else: no rule, no verified address", async () => {
    for (const [sub, more] of /** @type {[string, any][]} */ ([["u-2", { email: "eve@other.example", email_verified: true }], ["u-3", { email: "eve@acme.example", email_verified: false }]])) {
      claims = { sub, ...more };
      const browser = new Browser(worker.url);
      const callback = await there(browser, await browser.open("/sign-in"));
      const page = await browser.open(callback);
      assert.equal(page.status, 403, page.text);
      assert.ok(!browser.cookies.has("__Host-sightline"));
    }
  });

  it("takes no password where passwords are off", async () => {
    const browser = new Browser(worker.url);
    const page = await browser.open("/sign-in");
    const csrf = page.form("/sign-in/provider").fields.find(({ name }) => name === "csrf")?.value ?? "";
    assert.equal((await browser.post("/sign-in", { csrf, email: "a@b.example", password: "x" })).status, 404);
  });
});
