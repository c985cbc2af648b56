// A browser without scripts: cookies, redirects of this server, forms. It goes to no other host, and says where it would have gone.

import { randomInt } from "node:crypto";

import { Page } from "./page.mjs";

const MOST_REDIRECTS = 10;

/** @typedef {{name: string, value: string, attributes: string[]}} Cookie `attributes` as they came, in lower case */

export class Browser {
  /** @type {Map<string, Cookie>} */
  cookies = new Map();

  /** @param {string | URL} origin the server's */
  constructor(origin) {
    this.origin = new URL(origin).origin;
    // People sit in different places: what is counted by address is counted apart.
    this.address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
  }

  /**
   * One exchange, no redirect followed.
   *
   * @param {string | URL} target
   * @param {RequestInit & {headers?: Record<string, string>}} [init]
   */
  async fetch(target, { headers = {}, ...init } = {}) {
    const url = new URL(target, this.origin);
    if (url.origin !== this.origin) throw new Error(`this browser stays at ${this.origin}: ${url}`);
    const cookie = [...this.cookies.values()].map(({ name, value }) => `${name}=${value}`).join("; ");
    const own = { accept: "text/html", "cf-connecting-ip": this.address, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Tests/1.0" };
    const response = await fetch(url, { redirect: "manual", ...init, headers: { ...own, ...(cookie ? { cookie } : {}), ...headers } });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return new Page(url, response, await response.text());
  }

  /**
   * Opens an address, and follows redirects as long as they stay here.
   *
   * @param {string | URL} target
   * @param {Record<string, string>} [headers]
   */
  async open(target, headers = {}) {
    return this.#follow(await this.fetch(target, { headers: { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", ...headers } }), headers);
  }

  /**
   * Sends a form of a page as its button does.
   *
   * @param {Page} page
   * @param {import("./page.mjs").Form} form
   * @param {Record<string, string | string[] | undefined>} [changes] a list: these boxes, ticked; undefined: left out
   * @param {Record<string, string>} [headers]
   */
  async submit(page, form, changes = {}, headers = {}) {
    const body = new URLSearchParams();
    for (const { name, value, isOn } of form.fields) if (name && isOn && !(name in changes)) body.append(name, value);
    for (const [name, value] of Object.entries(changes)) for (const one of [value ?? []].flat()) body.append(name, one);
    return this.post(new URL(form.action, page.url), body, headers);
  }

  /**
   * @param {string | URL} target
   * @param {URLSearchParams | Record<string, string>} fields
   * @param {Record<string, string>} [headers]
   */
  async post(target, fields, headers = {}) {
    const usual = { origin: this.origin, "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" };
    const page = await this.fetch(target, { method: "POST", body: new URLSearchParams(fields), headers: { ...usual, ...headers } });
    return this.#follow(page, headers);
  }

  /**
   * @param {Page} first
   * @param {Record<string, string>} headers
   */
  async #follow(first, headers) {
    let page = first;
    for (let turns = 0; turns < MOST_REDIRECTS; turns += 1) {
      const location = page.headers.get("location");
      if (!location || page.status < 300 || page.status > 399) return page;
      const next = new URL(location, page.url);
      if (next.origin !== this.origin) return page;
      page = await this.fetch(next, { headers });
    }
    throw new Error(`${first.url} leads in circles`);
  }

  /** @param {string} line */
  #keep(line) {
    const [pair, ...attributes] = line.split(";").map((part) => part.trim());
    const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
    const lower = attributes.map((attribute) => attribute.toLowerCase());
    if (lower.includes("max-age=0")) this.cookies.delete(name);
    else this.cookies.set(name, { name, value, attributes: lower });
  }
}
