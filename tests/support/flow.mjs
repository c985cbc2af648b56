// The whole of signing in, by the pages' own forms: from an app's address in the browser to tokens.

import { App } from "./app.mjs";
import { person, signIn, signedIn } from "./people.mjs";

/** @typedef {import("./browser.mjs").Browser} Browser */
/** @typedef {import("./page.mjs").Page} Page */

/** Where consent is answered (`crates/console/src/path.rs`). */
export const DECISION = "/authorize/decision";

/**
 * What a person answers.
 *
 * @typedef {object} Answer
 * @property {"allow" | "deny"} [decision]
 * @property {string[]} [scopes] those left ticked; all that are ticked, if not given
 * @property {string[]} [projects] those ticked; none means all
 */

/**
 * Opens an app's address and signs in where it is asked: the consent page.
 *
 * @param {Browser} browser
 * @param {string | URL} address
 * @param {Pick<import("../../xtask/local/people.mjs").Person, "email" | "password">} [who]
 * @returns {Promise<Page>}
 */
export async function consentPage(browser, address, who) {
  const page = await browser.open(address);
  if (!page.hasForm("/sign-in")) return page;
  if (!who) throw new Error(`nobody is signed in, and nobody is named: ${page.text.slice(0, 300)}`);
  return signIn(browser, who, page);
}

/**
 * Answers the consent page.
 *
 * @param {Browser} browser
 * @param {Page} page
 * @param {Answer} [answer]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Page>} the page that hands over to the app; its `next` is what the app is told
 */
export function decide(browser, page, { decision = "allow", scopes, projects } = {}, headers) {
  const changes = { decision, ...(scopes ? { scope: scopes } : {}), ...(projects ? { project: projects } : {}) };
  return browser.submit(page, page.form(DECISION), changes, headers);
}

/**
 * What an app is told when its person has answered.
 *
 * @param {Page} page
 * @returns {URL}
 */
export function told(page) {
  const { next } = page;
  if (!next) throw new Error(`${page.url.pathname} (${page.status}) hands over to nobody: ${page.text.slice(0, 400)}`);
  return next;
}

/**
 * A code, by all the pages.
 *
 * @param {Browser} browser
 * @param {App} app
 * @param {Answer & {query?: Record<string, string | undefined>}} [answer]
 */
export async function codeFor(browser, app, { query, ...answer } = {}) {
  const page = await consentPage(browser, app.authorizeUrl(query));
  const code = told(await decide(browser, page, answer)).searchParams.get("code");
  if (!code) throw new Error("the app was given no code");
  return code;
}

/**
 * A person, their browser, an app and its tokens.
 *
 * @param {import("./worker.mjs").Server} server
 * @param {{who?: Awaited<ReturnType<typeof person>>, app?: App, answer?: Answer & {query?: Record<string, string | undefined>}}} [options]
 */
export async function connected(server, { who, app, answer } = {}) {
  who ??= await person(server);
  app ??= await App.registered(server.url);
  const browser = await signedIn(server, who);
  const redeemed = await app.redeem(await codeFor(browser, app, answer));
  if (redeemed.status !== 200) throw new Error(`/token: HTTP ${redeemed.status}: ${await redeemed.text()}`);
  const tokens = await redeemed.json();
  return { who, browser, app, tokens, connectionId: claims(tokens.access_token).cid };
}

/**
 * What an access token says.
 *
 * @param {string} token
 */
export function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
}
