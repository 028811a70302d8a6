// The sandbox's REST API, as one member.

/** A refusal, with the words of the server. */
export class Refused extends Error {}

export class Rest {
  /** `told(method, path, status)` hears of every answer. */
  constructor(token, told) {
    this.token = token;
    this.told = told;
  }

  async request(method, path, body) {
    const headers = { authorization: this.token };
    if (body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(`/api/v10${path}`, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body),
    }).catch(() => { throw new Refused("The sandbox does not answer. Was it stopped?"); });
    this.told(method, path, answer.status);
    const text = await answer.text();
    const json = text ? JSON.parse(text) : null;
    if (!answer.ok) throw new Refused(reason(json) || `Refused (${answer.status}).`);
    return json;
  }

  get(path) { return this.request("GET", path); }
  post(path, body = {}) { return this.request("POST", path, body); }
}

/** The first message of Discord's nested tree of errors, else the outer one. */
function reason(json) {
  const inner = (node) => {
    if (!node || typeof node !== "object") return null;
    if (Array.isArray(node._errors)) return node._errors[0]?.message;
    for (const child of Object.values(node)) {
      const found = inner(child);
      if (found) return found;
    }
    return null;
  };
  return inner(json?.errors) || json?.message;
}
