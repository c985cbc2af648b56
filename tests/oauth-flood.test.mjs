// Floods of the open endpoints: stopped with 429 and a time to come back, and only for whom they come from.
//
// On a Worker of its own, since what is counted here would be counted against the other files.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { migrate } from "../xtask/local/migrations.mjs";
import { startWorker } from "../xtask/local/runtime.mjs";
import { App, register } from "./support/app.mjs";
import { Browser } from "./support/browser.mjs";

// Over twice the widest shield: its windows follow the wall clock, so that a flood may fall into two of them.
const FLOOD = 1300;

describe("a flood", () => {
  /** @type {import("../xtask/local/runtime.mjs").Running} */
  let worker;
  before(async () => {
    worker = await startWorker({ log: () => {} });
    await migrate(worker.db);
  });
  after(() => worker?.stop());

  const from = (/** @type {string} */ address) => ({ "cf-connecting-ip": address });
  const metadataOf = (/** @type {string} */ host, changes = {}) => ({ client_name: "Flood", redirect_uris: [`https://${host}/callback`], ...changes });

  /** @param {(index: number) => Promise<{status: number, headers: Headers}>} ask */
  async function assertStopped(ask) {
    const answers = await Promise.all(Array.from({ length: FLOOD }, (_, index) => ask(index)));
    const stopped = answers.filter(({ status }) => status === 429);
    assert.ok(stopped.length > 0, `all ${FLOOD} were answered`);
    for (const { headers } of stopped) assert.ok(Number(headers.get("retry-after")) >= 1);
  }

  it("of registrations from one address is stopped, and another app from another address registers", async () => {
    await assertStopped((index) => register(worker.url, metadataOf("flood.example", { client_name: `Flood ${index}` }), from("10.0.0.1")));
    const other = await register(worker.url, metadataOf("quiet.example"), from("10.0.0.2"));
    assert.equal(other.status, 201);
  });

  it("of registrations of one host is stopped wherever it comes from, since hosted clients share addresses", async () => {
    await assertStopped((index) => register(worker.url, metadataOf("spread.example", { client_name: `Flood ${index}` }), from(`10.1.${index >> 8}.${index & 255}`)));
    const other = await register(worker.url, metadataOf("calm.example"), from("10.1.0.1"));
    assert.equal(other.status, 201);
  });

  it("of guesses at the token endpoint is stopped", async () => {
    const app = new App(worker.url, { client_id: "app_flood" }, "https://flood.example/callback");
    await assertStopped(() => app.redeem(`sl_${"a".repeat(43)}`, {}, from("10.0.0.3")));
  });

  it("of authorization requests is stopped, on a page, and another browser is served", async () => {
    const browser = new Browser(worker.url);
    const app = new App(worker.url, { client_id: "app_flood" }, "https://flood.example/callback");
    await assertStopped(() => browser.fetch(app.authorizeUrl()));
    assert.equal((await new Browser(worker.url).open("/sign-in")).status, 200);
  });
});
