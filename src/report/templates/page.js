"use strict";
// The page reads without script, from top to bottom. Script copies, and finds some of many incidents.
const labels = document.body.dataset;
const said = document.getElementById("said");

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ---- Copying

// Pages opened from a file or over plain HTTP may have no clipboard of their own.
function copySelected(text) {
  const area = make("textarea", { value: text, className: "unseen", readOnly: true });
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  area.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

let silence;
function say(text, isShown) {
  clearTimeout(silence);
  said.textContent = text;
  said.classList.toggle("shown", isShown);
  silence = setTimeout(() => {
    said.textContent = "";
    said.classList.remove("shown");
  }, 2500);
}

async function copyAndSay(text, button) {
  const done = await copy(text);
  button?.focus();
  const words = done ? labels.copied : labels.notCopied;
  if (button) {
    button.textContent = words;
    setTimeout(() => (button.textContent = labels.copy), 2500);
  }
  say(words, !button);
}

for (const figure of document.querySelectorAll("figure.code:not(.plain)")) {
  const button = make("button", { type: "button", className: "copy", textContent: labels.copy });
  const source = figure.querySelector("pre[hidden]") ?? figure.querySelector("pre");
  button.addEventListener("click", () => copyAndSay(source.textContent, button));
  figure.querySelector("figcaption").append(button);
}

// Short ARNs copy as full ones; ids and ARNs in full copy as they are.
const COPIED_BY_CLICK = ".arn, .facts dd > code, .eyebrow .id";
document.documentElement.classList.add("scripted");
const told = new Map();
for (const arn of document.querySelectorAll(".arn")) {
  // One sign for each ARN of an incident is enough.
  const article = arn.closest("article");
  if (!told.has(article)) told.set(article, new Set());
  const names = told.get(article);
  arn.classList.toggle("again", names.has(arn.title));
  names.add(arn.title);
  arn.tabIndex = 0;
  arn.setAttribute("role", "button");
  arn.setAttribute("aria-label", `${labels.copy}: ${arn.title}`);
}
document.addEventListener("click", event => {
  const source = event.target.closest(COPIED_BY_CLICK);
  if (source && getSelection().isCollapsed) copyAndSay(source.title || source.textContent);
});
document.addEventListener("keydown", event => {
  const isPress = event.key === "Enter" || event.key === " ";
  if (!isPress || !event.target.matches(".arn")) return;
  event.preventDefault();
  copyAndSay(event.target.title);
});

// ---- What the pointer rests on in a picture is told in the table of calls

document.addEventListener("pointerover", event => {
  const drawn = event.target.closest?.("[data-call], [data-why]");
  if (!drawn || drawn.querySelector("title")) return;
  const row = document.getElementById(drawn.dataset.call ?? drawn.dataset.why);
  if (!row) return;
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  const cells = drawn.dataset.why ? [row.cells[3]] : [...row.cells].slice(0, 3);
  title.textContent = cells.map(cell => cell.textContent.trim()).join("\n");
  drawn.prepend(title);
});

// ---- Finding some of many incidents

const ORDERS = {
  worst: (a, b) => a.number - b.number,
  often: (a, b) => b.times - a.times || a.number - b.number,
  last: (a, b) => b.last - a.last || a.number - b.number,
  first: (a, b) => a.first - b.first || a.number - b.number,
};

function readRow(item, index) {
  const text = selector => item.querySelector(selector)?.textContent ?? "";
  const link = item.querySelector(".what a");
  // Numbers stay with their rows in whatever order those stand.
  item.style.counterSet = `row ${index + 1}`;
  return {
    item,
    link,
    number: index + 1,
    anchor: link ? link.hash.slice(1) : item.id,
    article: link && document.getElementById(link.hash.slice(1)),
    times: Number(item.dataset.times),
    first: Date.parse(item.dataset.first),
    last: Date.parse(item.dataset.last),
    cause: item.dataset.cause,
    values: {
      kind: [text(".kind")],
      layer: [text(".by")],
      certainty: [text(".sure span")],
      account: [text(".account")],
      region: [text(".region")],
      service: item.dataset.services.split(" "),
      caller: [text(".whose b")],
    },
  };
}

// Everything that is said of an incident, read when somebody first searches.
function haystack(row) {
  row.text ??= `${row.item.textContent} ${row.article?.textContent ?? ""}`.toLowerCase();
  return row.text;
}

function startFinder(list, finder) {
  const rows = [...list.children].map(readRow);
  const rowOf = new Map(rows.map(row => [row.item, row]));
  const find = document.getElementById("find");
  const sort = document.getElementById("sort");
  const group = document.getElementById("group");
  const clear = document.getElementById("clear");
  const keys = document.getElementById("keys");
  const facets = [...finder.querySelectorAll(".facet")];
  const chosen = new Map(facets.map(facet => [facet.dataset.facet, new Set()]));
  let shown = rows;
  let here = null;

  // -- What is chosen, and what that leaves

  function fits(row, but) {
    for (const [name, values] of chosen) {
      if (name !== but && values.size && !row.values[name].some(value => values.has(value))) return false;
    }
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    return words.every(word => haystack(row).includes(word));
  }

  function toggle(name, value) {
    const values = chosen.get(name);
    if (!values.delete(value)) values.add(value);
    update();
  }

  function chip(name, value, count) {
    const button = make("button", { type: "button", className: "chip" }, value);
    button.setAttribute("aria-pressed", chosen.get(name).has(value));
    button.append(make("small", { textContent: count }));
    button.addEventListener("click", () => toggle(name, value));
    return button;
  }

  function drawFacet(facet) {
    const name = facet.dataset.facet;
    const counts = new Map();
    for (const row of rows) {
      const counted = fits(row, name) ? 1 : 0;
      for (const value of row.values[name]) {
        if (value) counts.set(value, (counts.get(value) ?? 0) + counted);
      }
    }
    facet.hidden = counts.size < 2;
    facet.classList.toggle("used", chosen.get(name).size > 0);
    const place = facet.querySelector(".chips");
    if (facet.matches("details:not([open])")) return place.replaceChildren();
    const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] > b[0] ? 1 : -1));
    const focused = facet.querySelector("button:focus")?.firstChild.data;
    const chips = sorted.map(([value, count]) => chip(name, value, count));
    place.replaceChildren(...chips);
    chips.find(one => one.firstChild.data === focused)?.focus();
  }

  function head(text, count) {
    return make("li", { className: "head" }, make("b", { textContent: text }), count ? ` ${count}` : "");
  }

  function grouped() {
    const by = group.value;
    if (!by) return shown.map(row => row.item);
    const groups = new Map();
    for (const row of shown) {
      const key = by === "cause" ? row.cause : row.values[by][0];
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    const alone = [];
    const items = [];
    for (const [key, members] of groups) {
      if (by === "cause" && (key === undefined || members.length < 2)) {
        alone.push(...members);
        continue;
      }
      const text = by === "cause" ? finder.dataset.together.replace("{count}", members.length) : key || "–";
      items.push(head(text, by === "cause" ? 0 : members.length), ...members.map(row => row.item));
    }
    if (!alone.length) return items;
    alone.sort(ORDERS[sort.value]);
    return [...items, head(finder.dataset.alone, alone.length), ...alone.map(row => row.item)];
  }

  function drawChosen() {
    const place = finder.querySelector(".chosen");
    const folded = facets.filter(facet => facet.matches("details")).map(facet => facet.dataset.facet);
    const chips = folded.flatMap(name => [...chosen.get(name)].map(value => chip(name, value, "×")));
    place.replaceChildren(...chips);
    clear.hidden = !settings();
    document.querySelector("#incidents small").hidden = sort.value !== "worst";
    const text = finder.dataset.shown.replace("{shown}", shown.length).replace("{all}", rows.length);
    document.getElementById("shown").textContent = text;
  }

  function draw() {
    shown = rows.filter(row => fits(row)).sort(ORDERS[sort.value]);
    const kept = new Set(shown);
    for (const row of rows) {
      row.item.classList.toggle("out", !kept.has(row));
      row.article?.classList.toggle("out", !kept.has(row));
    }
    const items = grouped();
    shown = items.map(item => rowOf.get(item)).filter(Boolean);
    const others = rows.filter(row => !kept.has(row)).map(row => row.item);
    list.replaceChildren(...items, ...others);
    facets.forEach(drawFacet);
    drawChosen();
  }

  // -- The fragment of the address keeps what is open and what is chosen

  function settings() {
    const pairs = [...chosen].flatMap(([name, values]) => [...values].map(value => [name, value]));
    if (find.value) pairs.push(["find", find.value]);
    if (sort.value !== "worst") pairs.push(["sort", sort.value]);
    if (group.value) pairs.push(["group", group.value]);
    return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
  }

  function place() {
    const [anchor, chosen] = location.hash.slice(1).split(/\?(.*)/s);
    return { anchor, chosen };
  }

  function update() {
    draw();
    history.replaceState(null, "", `#${place().anchor}${settings()}`);
  }

  function restore(text) {
    const given = new URLSearchParams(text);
    for (const [name, values] of chosen) {
      const known = new Set(rows.flatMap(row => row.values[name]));
      values.clear();
      given.getAll(name).filter(value => known.has(value)).forEach(value => values.add(value));
    }
    const option = (select, value) => [...select.options].some(one => one.value === value);
    find.value = given.get("find") ?? "";
    sort.value = option(sort, given.get("sort")) ? given.get("sort") : "worst";
    group.value = option(group, given.get("group")) ? given.get("group") : "";
  }

  function reset() {
    restore("");
    update();
  }

  // -- Reading one of them

  function mark(row) {
    here?.item.classList.remove("here");
    here?.link?.removeAttribute("aria-current");
    here = row;
    row?.item.classList.add("here");
    row?.link?.setAttribute("aria-current", "true");
  }

  function follow() {
    const { anchor, chosen: text } = place();
    if (text !== undefined && `?${text}` !== settings()) {
      restore(text);
      draw();
    }
    const target = anchor ? document.getElementById(anchor) : null;
    const row = rows.find(row => row.article && row.article === target?.closest("article"));
    document.body.classList.toggle("reading", Boolean(row));
    if (row) {
      if (!shown.includes(row)) reset();
      mark(row);
      target.scrollIntoView();
      row.item.scrollIntoView({ block: "nearest" });
      target.scrollIntoView();
      if (target === row.article) target.focus({ preventScroll: true });
    }
    history.replaceState(null, "", `#${anchor}${settings()}`);
  }

  function open(row) {
    if (row.link) location.hash = row.anchor + settings();
  }

  function leave() {
    history.pushState(null, "", `#${settings()}`);
    document.body.classList.remove("reading");
    (here?.item ?? list).scrollIntoView({ block: "center" });
    here?.link?.focus({ preventScroll: true });
  }

  function move(step) {
    const at = shown.indexOf(here);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + step, 0), shown.length - 1)];
    if (!next) return;
    if (document.body.classList.contains("reading")) return open(next);
    mark(next);
    next.item.scrollIntoView({ block: "center" });
    next.link?.focus({ preventScroll: true });
  }

  const inView = new IntersectionObserver(
    entries => {
      const seen = entries.find(entry => entry.isIntersecting);
      if (!seen || !document.body.classList.contains("reading")) return;
      mark(rows.find(row => row.article === seen.target));
      const [own, frame] = [here.item.getBoundingClientRect(), overview.getBoundingClientRect()];
      if (own.top < frame.top || own.bottom > frame.bottom) {
        overview.scrollBy(0, own.top - frame.top - frame.height / 2);
      }
    },
    { rootMargin: "-15% 0px -80% 0px" },
  );
  const overview = list.closest(".overview");
  rows.forEach(row => row.article && inView.observe(row.article));

  // -- Keys

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => (find.focus(), find.select()),
    "?": () => keys.showModal(),
    Escape: () => {
      const unfolded = facets.find(facet => facet.open);
      if (unfolded) unfolded.open = false;
      else if (document.body.classList.contains("reading")) leave();
    },
    Enter: () => here && document.activeElement === document.body && open(here),
  };

  const FIND_KEYS = {
    Escape: () => {
      if (!find.value) return find.blur();
      find.value = "";
      update();
    },
    Enter: () => shown[0] && (mark(shown[0]), shown[0].link?.focus()),
  };

  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open || event.defaultPrevented) return;
    const isTyping = event.target.matches("input, select, textarea");
    const known = event.target === find ? FIND_KEYS : isTyping ? {} : KEYS;
    if (!Object.hasOwn(known, event.key)) return;
    // A focused link or button has its own Enter.
    if (event.key === "Enter" && event.target.matches("a, button, summary, .arn")) return;
    event.preventDefault();
    known[event.key]();
  });

  find.addEventListener("input", update);
  sort.addEventListener("change", update);
  group.addEventListener("change", update);
  clear.addEventListener("click", () => {
    reset();
    find.focus();
  });
  document.getElementById("help").addEventListener("click", () => keys.showModal());
  document.getElementById("close").addEventListener("click", () => keys.close());
  document.addEventListener("click", event => {
    for (const facet of facets) if (!event.composedPath().includes(facet)) facet.open = false;
  });
  facets.forEach(facet =>
    facet.addEventListener("toggle", () => {
      if (facet.open) facets.forEach(other => (other.open = other === facet));
      drawFacet(facet);
      // What would leave the window at the right moves to the left.
      const chips = facet.querySelector(".chips");
      chips.style.left = "";
      const over = chips.getBoundingClientRect().right + 16 - document.documentElement.clientWidth;
      if (facet.open && over > 0 && getComputedStyle(facet).position === "relative") chips.style.left = `${-over}px`;
    }),
  );
  addEventListener("hashchange", follow);

  finder.hidden = false;
  restore(place().chosen ?? "");
  draw();
  if (location.hash) follow();
}

const finder = document.querySelector(".finder");
if (finder) startFinder(document.querySelector(".incidents"), finder);
