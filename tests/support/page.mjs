// A page as somebody without scripts uses it: its text, its forms, where it leads.
//
// It reads the HTML that this server writes (quoted attributes, closed elements), not any HTML.

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
const unescaped = (/** @type {string} */ text) => text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (entity)]);

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} value
 * @property {string} type
 * @property {boolean} isOn whether it is sent unless changed: ticked, chosen, or no tick at all
 */

/**
 * @typedef {object} Form
 * @property {string} action
 * @property {string} method
 * @property {Field[]} fields
 * @property {{name: string, value: string, label: string}[]} buttons
 */

export class Page {
  /**
   * @param {URL} url
   * @param {Response} response
   * @param {string} html
   */
  constructor(url, response, html) {
    this.url = url;
    this.status = response.status;
    this.headers = response.headers;
    this.html = html;
  }

  /** What a person reads. */
  get text() {
    return unescaped(this.html.replace(/<head>.*?<\/head>/s, "").replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ").trim();
  }

  /** The main heading. */
  get heading() {
    const heading = /<h1[^>]*>(.*?)<\/h1>/s.exec(this.html)?.[1] ?? "";
    return unescaped(heading.replace(/<[^>]+>/g, "")).trim();
  }

  /** Where the page goes on to by itself: its refresh, or the redirect it was. */
  get next() {
    const location = this.headers.get("location");
    if (location) return new URL(location, this.url);
    const refresh = elements(this.html, "meta").find((meta) => meta["http-equiv"] === "refresh")?.content;
    return refresh ? new URL(refresh.replace(/^\d+;\s*url=/i, ""), this.url) : undefined;
  }

  /** @returns {Form[]} */
  get forms() {
    return [...this.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag, inner]) => {
      const { action = "", method = "get" } = attributes(tag);
      return { action, method: method.toLowerCase(), fields: [...inputs(inner), ...selects(inner)], buttons: buttons(inner) };
    });
  }

  /**
   * The form that goes there; with `fields`, the one that holds them.
   *
   * @param {string} action
   * @param {Record<string, string>} [fields]
   */
  form(action, fields = {}) {
    const has = (/** @type {Form} */ form) =>
      Object.entries(fields).every(([name, value]) => form.fields.some((field) => field.name === name && field.value === value));
    const form = this.forms.find((one) => one.action === action && has(one));
    if (!form) throw new Error(`${this.url.pathname} (${this.status}, “${this.heading}”) has no form to ${action}: ${this.text.slice(0, 400)}`);
    return form;
  }

  /** @param {string} action */
  hasForm(action) {
    return this.forms.some((form) => form.action === action);
  }
}

/** @param {string} html */
function inputs(html) {
  return elements(html, "input").map(({ name = "", value = "on", type = "text", checked }) => ({
    name,
    value: type === "checkbox" || type === "radio" ? value : value === "on" ? "" : value,
    type,
    isOn: type !== "checkbox" && type !== "radio" ? true : checked !== undefined,
  }));
}

/** @param {string} html */
function selects(html) {
  return [...html.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)].flatMap(([, tag, inner]) => {
    const { name = "" } = attributes(tag);
    const options = elements(inner, "option");
    const chosen = options.find((option) => option.selected !== undefined) ?? options[0];
    return options.map((option) => ({ name, value: option.value ?? "", type: "select", isOn: option === chosen }));
  });
}

/** @param {string} html */
function buttons(html) {
  return [...html.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs)].map(([, tag, inner]) => {
    const { name = "", value = "" } = attributes(tag);
    return { name, value, label: unescaped(inner.replace(/<[^>]+>/g, "")).trim() };
  });
}

/**
 * @param {string} html
 * @param {string} name
 */
function elements(html, name) {
  return [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, "gs"))].map(([, tag]) => attributes(tag));
}

/**
 * @param {string} tag
 * @returns {Record<string, string>}
 */
function attributes(tag) {
  const pairs = [...tag.matchAll(/([^\s=/]+)(?:="([^"]*)")?/g)].map(([, name, value = ""]) => [name.toLowerCase(), unescaped(value)]);
  return Object.fromEntries(pairs);
}
