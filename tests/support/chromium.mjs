// A real Chromium: started once for a run, with what goes wrong in its pages written down, and an app of the tests to go back to.

import { mkdtempSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";

import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where screenshots go: a folder of this run. */
export const SCREENSHOTS = process.env.SIGHTLINE_SCREENSHOTS ?? mkdtempSync(path.join(tmpdir(), "sightline-screenshots-"));

/** How the pages are looked at. */
export const VIEWS = /** @type {const} */ ([
  { name: "light-1280", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark-1280", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "light-390", colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  { name: "dark-390", colorScheme: "dark", viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
]);

/** @type {Promise<import("playwright-core").Browser> | undefined} */
let running;

after(async () => {
  await (await running)?.close();
});

function started() {
  const executablePath = process.env.SIGHTLINE_CHROMIUM;
  if (!executablePath) throw new Error("SIGHTLINE_CHROMIUM names no browser: run `cargo xtask test --only browser`");
  running ??= chromium.launch({ executablePath, args: FLAGS });
  return running;
}

/**
 * A page of a browser nobody has used before. `complaints` is what went wrong in it: errors on the console, violations of the pages'
 * own policy, scripts that threw, files that were missing.
 *
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function newTab(options = {}) {
  const context = await (await started()).newContext(options);
  context.setDefaultTimeout(15_000);
  /** @type {string[]} */
  const complaints = [];
  await context.exposeFunction("complain", (/** @type {string} */ text) => complaints.push(text));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => globalThis.complain(`policy: ${violatedDirective} ${blockedURI}`));
  });
  const tab = await context.newPage();
  tab.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  tab.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  tab.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  return { tab, context, complaints };
}

/**
 * Takes a picture of the whole page.
 *
 * @param {import("playwright-core").Page} tab
 * @param {string} name
 */
export async function picture(tab, name) {
  await tab.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/**
 * An app on this machine that waits for its answer: what Claude Code, Cursor and VS Code do.
 *
 * @returns {Promise<{callback: string, answered: () => Promise<URL>, stop: () => Promise<void>}>}
 */
export async function waitingApp() {
  /** @type {(url: URL) => void} */
  let resolve = () => {};
  const next = () => new Promise((/** @type {(url: URL) => void} */ done) => (resolve = done));
  let answer = next();
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (url.pathname === "/favicon.ico") return void response.writeHead(204).end();
    response.setHeader("content-type", "text/html").end("<!doctype html><title>The app</title><h1>The app has its answer</h1>");
    if (url.pathname === "/callback") resolve(url);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    callback: `http://127.0.0.1:${port}/callback`,
    async answered() {
      const url = await answer;
      answer = next();
      return url;
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done(undefined));
        server.closeAllConnections();
      }),
  };
}
