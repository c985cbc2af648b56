// Access tokens as somebody else would make them: with the server's own key out of D1, another key, none, or a MAC of what is public.

import { createECDH, createHmac, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";

const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const read = (/** @type {string} */ text) => JSON.parse(Buffer.from(text, "base64url").toString());

/**
 * Header and claims of a token.
 *
 * @param {string} token
 */
export function opened(token) {
  const [header, payload, signature] = token.split(".");
  return { header: read(header), claims: read(payload), signature };
}

/**
 * The server's signing key: what whoever reads an unsealed D1 could sign with. Tests sign with it what the server itself never would.
 *
 * @param {any} db
 * @param {string} kid
 */
export async function serverKey(db, kid) {
  const { material } = await db.prepare("SELECT material FROM signing_keys WHERE id = ?").bind(kid).first();
  const [kind, d] = material.split(".");
  if (kind !== "plain") throw new Error("the key is sealed");
  const curve = createECDH("prime256v1");
  curve.setPrivateKey(Buffer.from(d, "base64url"));
  const point = curve.getPublicKey();
  const jwk = { kty: "EC", crv: "P-256", d, x: point.subarray(1, 33).toString("base64url"), y: point.subarray(33).toString("base64url") };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

/** A key that is not the server's. */
export const strangersKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/**
 * @param {object} header
 * @param {object} claims
 * @param {import("node:crypto").KeyObject} key
 */
export function signed(header, claims, key) {
  const text = `${part(header)}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/**
 * @param {object} header
 * @param {object} claims
 * @param {string | Buffer} secret
 */
export function maced(header, claims, secret) {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/**
 * @param {object} header
 * @param {object} claims
 * @param {string} [signature]
 */
export function unsigned(header, claims, signature = "") {
  return `${part(header)}.${part(claims)}.${signature}`;
}
