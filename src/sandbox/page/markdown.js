// Discord's Markdown as nodes, in time linear in the text. No text of a message is ever parsed as HTML.
//
// Rules: Discord support, "Markdown Text 101"; Discord documentation, reference, "Message formatting".
// At most one delimiter of each of the six kinds can be open, so the stack never exceeds six frames.

import { el, isolated } from "./dom.js";

const TAGS = { "**": "strong", "__": "u", "*": "em", "_": "em", "~~": "s", "||": "span" };
const LINK = /\[([^[\]\n]{1,512})\]\((https?:\/\/[^\s()<>]{1,1024})\)/y;
const URL_TEXT = /https?:\/\/[^\s<>|*)\]]+/y;
const ANGLE = /<(?:t:(-?\d{1,13})(?::([tTdDfFR]))?|@!?(\d{1,20})|@&(\d{1,20})|#(\d{1,20})|\/([^:<>\n]{1,100}):(\d{1,20})|a?:(\w{1,32}):\d{1,20}|(https?:\/\/[^\s<>]{1,1500}))>/y;
const WORD = /[\p{L}\p{N}_]/u;

const at = (pattern, text, index) => {
  pattern.lastIndex = index;
  return pattern.exec(text);
};

/** A whole text, with blocks. `look` resolves names: {user, role, channel, now}. */
export function markdown(text, look) {
  const out = document.createDocumentFragment();
  const lines = text.split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) out.append(el("p", { dir: "auto" }, inline(plain.join("\n"), look)));
    plain = [];
  };
  // The next line that closes a block of code, found once for all lines: scanning from each opening
  // anew would make many openings quadratic.
  const closing = new Array(lines.length + 1).fill(-1);
  for (let i = lines.length - 1; i >= 0; i--) closing[i] = lines[i].includes("```") ? i : closing[i + 1];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const fence = line.indexOf("```");
    if (fence >= 0) {
      const rest = line.slice(fence + 3);
      const same = rest.indexOf("```");
      if (same >= 0) { plain.push(line); continue; }
      const end = closing[i + 1];
      if (end >= 0) {
        if (fence > 0) plain.push(line.slice(0, fence));
        flush();
        const language = /^[\w+#-]*$/.test(rest);
        const code = lines.slice(i + 1, end);
        const cut = lines[end].indexOf("```");
        if (!language) code.unshift(rest);
        if (cut > 0) code.push(lines[end].slice(0, cut));
        const label = language && rest ? `Code, ${rest}` : "Code";
        out.append(el("pre", { tabindex: "0", role: "region", "aria-label": label }, el("code", { dir: "ltr" }, code.join("\n"))));
        lines[end] = lines[end].slice(cut + 3);
        i = lines[end] ? end - 1 : end;
        // What follows the closing fence may open the next block on the same line.
        if (lines[end]?.includes("```")) { plain.push(lines[end]); i = end; }
        continue;
      }
    }
    const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
    const quote = line.startsWith("> ") ? 2 : 0;
    const item = /^( {0,20})(?:([-*])|(\d{1,9})\.) +(\S.*)$/.exec(line);
    if (line.startsWith(">>> ")) {
      flush();
      const rest = [line.slice(4), ...lines.slice(i + 1)].join("\n");
      out.append(el("blockquote", {}, el("p", { dir: "auto" }, inline(rest, look))));
      break;
    } else if (heading) {
      flush();
      out.append(el("p", { class: `h h${heading[1].length}`, dir: "auto" }, inline(heading[2], look)));
    } else if (line.startsWith("-# ")) {
      flush();
      out.append(el("p", { class: "small", dir: "auto" }, inline(line.slice(3), look)));
    } else if (quote) {
      flush();
      const quoted = [];
      while (i < lines.length && lines[i].startsWith("> ")) quoted.push(lines[i++].slice(2));
      i--;
      out.append(el("blockquote", {}, el("p", { dir: "auto" }, inline(quoted.join("\n"), look))));
    } else if (item) {
      flush();
      const depth = Math.min(5, item[1].length >> 1);
      const list = out.lastChild;
      const node = el("li", { class: `d${depth}`, dir: "auto" }, inline(item[4], look));
      const kind = item[3] === undefined ? "UL" : "OL";
      if (list?.nodeName === kind && list.dataset.next === String(i)) list.append(node);
      else out.append(el(kind.toLowerCase(), kind === "OL" ? { start: item[3] } : {}, node));
      out.lastChild.dataset.next = String(i + 1);
    } else {
      plain.push(line);
    }
  }
  flush();
  return out;
}

/** One run of text without blocks, as a list of nodes. */
export function inline(text, look, links = true) {
  const stack = [{ kind: null, nodes: [] }];
  const open = new Set();
  let buffer = "";
  const top = () => stack[stack.length - 1];
  const flush = () => {
    if (buffer) top().nodes.push(document.createTextNode(buffer));
    buffer = "";
  };
  const push = (node) => { flush(); top().nodes.push(node); };
  const flatten = () => {
    const { kind, nodes } = stack.pop();
    open.delete(kind);
    top().nodes.push(document.createTextNode(kind), ...nodes);
  };
  // Runs of backticks by their length, so that a code span finds its end at once.
  const ticks = new Map();
  for (const run of text.matchAll(/`+/g)) {
    const list = ticks.get(run[0].length) ?? ticks.set(run[0].length, { at: [], next: 0 }).get(run[0].length);
    list.at.push(run.index);
  }
  let i = 0;
  while (i < text.length) {
    const char = text[i];
    if (char === "\\" && i + 1 < text.length && /[\\`*_~|<>#\[\]().:@-]/.test(text[i + 1])) {
      buffer += text[i + 1];
      i += 2;
      continue;
    }
    if (char === "`") {
      let length = 1;
      while (text[i + length] === "`") length++;
      const runs = ticks.get(length);
      if (runs) while (runs.next < runs.at.length && runs.at[runs.next] <= i) runs.next++;
      const end = runs?.at[runs.next];
      if (end !== undefined) {
        push(el("code", { dir: "ltr" }, text.slice(i + length, end)));
        i = end + length;
      } else {
        buffer += text.slice(i, i + length);
        i += length;
      }
      continue;
    }
    if (char === "<") {
      const found = at(ANGLE, text, i);
      if (found) {
        push(angle(found, look));
        i += found[0].length;
        continue;
      }
    }
    if (links && char === "[") {
      const found = at(LINK, text, i);
      if (found) {
        push(link(found[2], inline(found[1], look, false)));
        i += found[0].length;
        continue;
      }
    }
    if (links && char === "h" && (text.startsWith("http://", i) || text.startsWith("https://", i))) {
      const found = at(URL_TEXT, text, i);
      if (found) {
        push(link(found[0], [isolated(found[0])]));
        i += found[0].length;
        continue;
      }
    }
    const kind = delimiter(text, i, top().kind);
    if (kind) {
      const [before, after] = [text[i - 1] ?? " ", text[i + kind.length] ?? " "];
      const single = kind.length === 1;
      const closes = open.has(kind) && (!single || (!/\s/.test(before) && (kind === "*" || !WORD.test(after))));
      const opens = !open.has(kind) && (!single || (!/\s/.test(after) && (kind === "*" || !WORD.test(before))));
      if (closes) {
        flush();
        while (top().kind !== kind) flatten();
        const { nodes } = stack.pop();
        open.delete(kind);
        top().nodes.push(kind === "||" ? spoiler(nodes) : el(TAGS[kind], {}, nodes));
      } else if (opens) {
        flush();
        open.add(kind);
        stack.push({ kind, nodes: [] });
      } else {
        buffer += kind;
      }
      i += kind.length;
      continue;
    }
    buffer += char;
    i++;
  }
  flush();
  while (stack.length > 1) flatten();
  return stack[0].nodes;
}

function delimiter(text, i, topKind) {
  const char = text[i];
  const two = text[i + 1] === char;
  if (char === "~" || char === "|") return two ? char + char : null;
  if (char !== "*" && char !== "_") return null;
  // `***both***` ends with the inner one first.
  if (two && topKind === char && text[i + 2] === char) return char;
  return two ? char + char : char;
}

function link(address, nodes) {
  return el("a", { href: address, rel: "noopener noreferrer nofollow", target: "_blank" }, nodes);
}

function spoiler(nodes) {
  const inner = el("span", { hidden: true }, nodes);
  const button = el("button", { type: "button", class: "spoiler", "aria-expanded": "false" }, "Spoiler: show");
  button.addEventListener("click", () => {
    inner.hidden = !inner.hidden;
    button.textContent = inner.hidden ? "Spoiler: show" : "hide";
    button.setAttribute("aria-expanded", String(!inner.hidden));
  });
  return el("span", { class: "spoilt" }, inner, button);
}

function angle(found, look) {
  const [whole, seconds, style, user, role, channel, command, , emoji, address] = found;
  if (seconds !== undefined) return timestamp(Number(seconds), style ?? "f", look.now());
  if (user) return el("span", { class: "mention" }, isolated(`@${look.user(user) ?? "unknown member"}`));
  if (role) return el("span", { class: "mention" }, isolated(`@${look.role(role) ?? "unknown role"}`));
  if (channel) return el("button", { type: "button", class: "mention", "data-channel": channel }, isolated(`#${look.channel(channel) ?? "unknown channel"}`));
  if (command) return el("button", { type: "button", class: "mention", "data-command": command }, isolated(`/${command}`));
  if (emoji) return document.createTextNode(`:${emoji}:`);
  if (address) return link(address, [isolated(address)]);
  return document.createTextNode(whole);
}

const STYLES = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};

export function relative(ms, now) {
  const s = Math.round((ms - now) / 1000);
  const [unit, by] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, by]) => Math.abs(s) >= by) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(s / by), unit);
}

function timestamp(seconds, style, now) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return document.createTextNode("Invalid date");
  const text = style === "R" ? relative(seconds * 1000, now) : new Intl.DateTimeFormat("en-GB", STYLES[style]).format(date);
  return el("time", { datetime: date.toISOString(), title: date.toString(), "data-t": seconds, "data-s": style }, text);
}

/** Renews the relative times below a node. */
export function renew(root, now) {
  for (const node of root.querySelectorAll('time[data-s="R"]')) {
    node.textContent = relative(Number(node.dataset.t) * 1000, now);
  }
}
