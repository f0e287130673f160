// The reader pane: opens at the mark that is clicked, draws the article that Python sends, moves focus in and back.
// Text only ever becomes text nodes, so nothing that an article holds can be markup.

const NARROW = "(max-width: 1100px)"; // the pane covers the page, as in style.css
const SHORTCUTS = { // with Alt: what gets the focus; views/keys.py tells them
  Slash: () => document.querySelector('[data-testid="stChatInputTextArea"]'),
  Period: () => [...document.querySelectorAll(".yj-answer")].at(-1)?.querySelector(".yj-mark > a"),
};
const panes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const pane = panes.get(parentElement) ?? new Pane(parentElement);
  panes.set(parentElement, pane);
  pane.tell = (opened) => setTriggerValue("opened", { name: opened, click: ++pane.click });
  pane.update(data);
  return () => pane.remove();
}

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

class Pane {
  constructor(parent) {
    this.drawn = ""; // the page on show, as JSON
    this.wanted = ""; // the citation that was clicked and is not on show yet
    this.click = undefined; // number of the last click that Python was told of
    this.listening = new AbortController();
    this.build(parent);
    const on = (name, act) => document.addEventListener(name, act, { signal: this.listening.signal });
    on("click", (event) => this.clicked(event));
    on("keydown", (event) => this.pressed(event));
    for (const name of ["pointerover", "focusin"]) on(name, (event) => pointed(event));
  }

  build(parent) {
    this.title = make("h2", { id: "yj-reader-title" });
    this.source = make("span");
    this.original = make("a", { target: "_blank", rel: "noopener noreferrer" });
    this.place = make("output");
    this.previous = make("button", { type: "button", textContent: "‹", onclick: () => this.step(-1) });
    this.next = make("button", { type: "button", textContent: "›", onclick: () => this.step(1) });
    this.copy = make("button", { type: "button", onclick: () => this.copyQuote() });
    this.close = make("button", { type: "button", textContent: "×", className: "yj-close", onclick: () => this.shut() });
    this.all = make("input", { type: "checkbox", onchange: () => this.showRemoved() });
    this.all.setAttribute("role", "switch");
    this.switchText = make("span");
    this.summary = make("p", { className: "yj-removed-summary", hidden: true });
    this.text = make("article", { lang: "zh", tabIndex: 0 });
    this.keys = make("p", { className: "yj-keys" });
    this.dialog = make("dialog", { className: "yj-reader" },
      make("header", {}, this.title, this.close,
        make("p", {}, this.source, this.original),
        make("nav", {}, this.previous, this.place, this.next, this.copy,
          make("label", {}, this.all, this.switchText)),
        this.summary),
      this.text, this.keys);
    this.dialog.setAttribute("aria-labelledby", this.title.id);
    this.text.setAttribute("aria-labelledby", this.title.id);
    this.dialog.addEventListener("cancel", (event) => (event.preventDefault(), this.shut()));
    parent.append(this.dialog);
  }

  update({ language, labels, opened, click, page }) {
    document.documentElement.lang = language; // Streamlit says "en", which readers aloud would follow
    this.label(labels);
    this.click = Math.max(this.click ?? click, click); // Python counts too, where the page opens something
    if (click < this.click) return; // an answer to an earlier click: that to the last one is still to come
    const drawn = page ? opened + JSON.stringify(page) : "";
    if (!drawn && this.dialog.open) this.hide();
    if (!drawn || drawn === this.drawn) return;
    this.drawn = drawn;
    this.opened = opened;
    this.page = page;
    this.draw(page);
    const opens = !this.dialog.open; // by Python: a passage that was chosen on the map
    if (opens) this.opener = document.activeElement;
    this.open();
    this.arrive(page.marker, opens || Boolean(this.wanted));
    this.wanted = "";
  }

  label(labels) {
    this.labels = labels;
    for (const name of ["previous", "next", "close"]) {
      this[name].ariaLabel = this[name].title = labels[name];
    }
    this.copy.hidden = !navigator.clipboard; // which only a secure page has
    this.original.textContent = labels.original;
    this.switchText.textContent = labels.removed;
    this.keys.textContent = labels.keys;
  }

  draw(page) {
    this.title.textContent = page.title;
    this.source.textContent = page.source;
    this.original.hidden = !page.url;
    if (page.url) this.original.href = page.url;
    this.place.textContent = page.place;
    this.previous.disabled = page.marker === 1;
    this.next.disabled = page.marker === page.count;
    this.copy.textContent = this.labels.copy;
    this.summary.textContent = page.removed;
    this.text.replaceChildren(...drawLines(page.lines, page.marker));
    this.text.ariaBusy = "false";
  }

  // Beside the chat where there is room; over it, with the page behind it inert, where there is not.
  open() {
    for (const mark of document.querySelectorAll("[data-cite]")) {
      mark.toggleAttribute("aria-current", mark.dataset.cite === (this.wanted || this.opened));
    }
    if (this.dialog.open) return;
    keepingPlace(this.opener, () => (matchMedia(NARROW).matches ? this.dialog.showModal() : this.dialog.show()));
  }

  arrive(marker, takeFocus) {
    const quote = this.text.querySelector(`[data-marks~="${marker}"]`);
    if (takeFocus) (quote ?? this.text).focus({ preventScroll: true });
    quote?.scrollIntoView({ block: "center" });
  }

  clicked(event) {
    const link = event.target.closest?.("[data-cite]");
    if (!link) this.touched = null;
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const mark = link.closest(".yj-mark");
    if (mark && event.pointerType === "touch" && !mark.contains(this.touched)) {
      this.touched = link; // the first tap shows the quote, the second one opens the article
      link.focus();
      return;
    }
    this.touched = null;
    this.opener = mark?.querySelector("a") ?? link;
    this.show(link.dataset.cite);
  }

  show(cited) {
    if (cited === this.opened && this.dialog.open) return this.arrive(this.page.marker, true);
    this.wanted = cited;
    if (!this.dialog.open) { // with nothing in it of the article that it showed before
      this.title.textContent = this.labels.opening;
      for (const part of [this.source, this.place, this.summary, this.text]) part.replaceChildren();
      this.original.hidden = this.previous.disabled = this.next.disabled = true;
      this.text.ariaBusy = "true";
    }
    this.open();
    this.tell(cited);
  }

  step(by) {
    this.show(`${this.opened.slice(0, this.opened.lastIndexOf("-"))}-${this.page.marker + by}`);
  }

  pressed(event) {
    if (event.isComposing) return;
    const tip = document.querySelector(".yj-mark:is(:hover, :focus-within) > .yj-tip:not(.yj-away)");
    if (event.key === "Escape") return this.dialog.open ? this.shut() : tip?.classList.add("yj-away");
    if (event.altKey && event.code in SHORTCUTS && !this.dialog.matches(":modal")) {
      event.preventDefault();
      return SHORTCUTS[event.code]()?.focus();
    }
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !this.page || !this.dialog.contains(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const marker = this.page.marker + by;
    if (marker >= 1 && marker <= this.page.count) this.step(by);
  }

  shut() {
    this.hide();
    this.tell("");
    const back = this.opener?.isConnected ? this.opener : document.querySelector(`.yj-mark > [data-cite="${this.last}"]`);
    back?.focus({ preventScroll: true });
    back?.closest(".yj-mark")?.querySelector(".yj-tip").classList.add("yj-quiet"); // it would cover the next statement
  }

  hide() {
    this.last = this.wanted || this.opened;
    this.drawn = this.wanted = this.opened = "";
    keepingPlace(this.opener, () => this.dialog.close());
    document.querySelectorAll("[data-cite][aria-current]").forEach((mark) => mark.removeAttribute("aria-current"));
  }

  showRemoved() {
    keepingPlace(this.text.querySelector(`[data-marks~="${this.page?.marker}"]`), () => {
      this.text.classList.toggle("yj-all", this.all.checked);
      this.summary.hidden = !this.all.checked;
    }, this.text);
  }

  async copyQuote() {
    const { quote, title, source, url } = this.page;
    await navigator.clipboard.writeText([`“${quote}”`, `《${title}》 · ${source}`, url].filter(Boolean).join("\n"));
    this.copy.textContent = this.labels.copied;
  }

  remove() {
    this.listening.abort();
    this.dialog.remove();
  }
}

// Rows that follow each other are one table, which ends where a head begins the next.
function drawLines(lines, current) {
  const drawn = [];
  for (const line of lines) {
    if (!line.cells?.length) {
      drawn.push(drawLine(line, current));
      continue;
    }
    if (line.head || drawn.at(-1)?.tagName !== "TABLE") drawn.push(make("table", { className: "yj-table" }));
    const cell = line.head ? "th" : "td";
    drawn.at(-1).append(make("tr", {}, ...line.cells.map((words) => make(cell, {}, ...drawWords(words, current)))));
  }
  return drawn;
}

function drawLine({ level, words }, current) {
  const kept = words.some((each) => !each.kind && each.text.trim());
  const tag = level && kept ? `h${level}` : "p";
  return make(tag, { className: kept ? "" : "yj-removed" }, ...drawWords(words, current));
}

function drawWords(words, current) {
  return words.map((each) => {
    if (each.kind === "removed") return make("del", { textContent: each.text });
    if (each.kind === "note") return make("small", { textContent: each.text });
    if (!each.marks.length) return each.text;
    const mark = make("mark", { textContent: each.text });
    mark.dataset.marks = each.marks.join(" ");
    if (each.marks.includes(current)) Object.assign(mark, { className: "yj-current", tabIndex: -1 });
    return mark;
  });
}

// Do what changes the width of the text, and leave a node of it where the reader sees it.
function keepingPlace(node, act, scrolled = node?.closest(".stMain")) {
  const before = node?.getBoundingClientRect().top;
  act();
  if (scrolled) scrolled.scrollTop += node.getBoundingClientRect().top - before;
}

// Keep the quote that a mark shows within the screen: moved aside near an edge, below the mark near the top.
function pointed(event) {
  const mark = event.target.closest?.(".yj-mark");
  if (!mark || mark.contains(event.relatedTarget)) return;
  const tip = mark.querySelector(".yj-tip");
  tip.classList.remove("yj-away");
  if (event.type === "focusin") tip.classList.remove("yj-quiet");
  tip.style.setProperty("--shift", "0px");
  tip.classList.remove("yj-below");
  const box = tip.getBoundingClientRect();
  const main = mark.closest(".stMain");
  const left = main.getBoundingClientRect().left + 8;
  const right = left + main.clientWidth - 16;
  tip.style.setProperty("--shift", `${Math.max(left - box.left, 0) + Math.min(right - box.right, 0)}px`);
  tip.classList.toggle("yj-below", box.top < 64); // the height of the page's own bar
}
