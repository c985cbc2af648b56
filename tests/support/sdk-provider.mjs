// What a program brings to the official SDKs' own OAuth code: a memory, and a way to open the browser. All the rest is the SDKs'.

import { randomBytes } from "node:crypto";

import { consentPage, decide, told } from "./flow.mjs";

const CALLBACK = "http://localhost:33418/callback";

export class Provider {
  /** @type {any} */
  #client;
  /** @type {any} */
  #tokens;
  #verifier = "";
  #state = "";

  /** How often tokens were saved, and the browser was opened. */
  saved = 0;
  opened = 0;

  /** What the app was told last. @type {URL | undefined} */
  callback;

  /**
   * @param {import("./browser.mjs").Browser} browser
   * @param {Parameters<typeof consentPage>[2]} [who] signs in, if nobody is signed in
   * @param {import("./flow.mjs").Answer} [answer]
   */
  constructor(browser, who, answer) {
    this.browser = browser;
    this.who = who;
    this.answer = answer;
  }

  get redirectUrl() {
    return CALLBACK;
  }

  get clientMetadata() {
    return { client_name: "SDK Tests", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };
  }

  state() {
    this.#state = randomBytes(16).toString("base64url");
    return this.#state;
  }

  clientInformation() {
    return this.#client;
  }

  /** @param {any} client */
  saveClientInformation(client) {
    this.#client = client;
  }

  tokens() {
    return this.#tokens;
  }

  /** @param {any} tokens */
  saveTokens(tokens) {
    this.saved += 1;
    this.#tokens = tokens;
  }

  /** @param {string} verifier */
  saveCodeVerifier(verifier) {
    this.#verifier = verifier;
  }

  codeVerifier() {
    return this.#verifier;
  }

  /** @param {string} scope */
  invalidateCredentials(scope) {
    if (scope === "all" || scope === "tokens") this.#tokens = undefined;
    if (scope === "all" || scope === "client") this.#client = undefined;
  }

  /** @param {URL} url */
  async redirectToAuthorization(url) {
    this.opened += 1;
    const page = await consentPage(this.browser, url, this.who);
    this.callback = told(await decide(this.browser, page, this.answer));
    if (this.callback.searchParams.get("state") !== this.#state) throw new Error("the answer belongs to another request");
  }
}
