// Gives the names that only readers aloud have, which Streamlit has only in English, in the reader's language.
let watching;
const english = new Map(); // by what was told for it until now: the language may change

export default function ({ data }) {
  const tell = (node) => {
    const told = node.getAttribute("aria-label");
    const name = english.get(told) ?? told;
    const named = data.names[name] ?? (name.startsWith(data.help[0]) ? data.help[1] + name.slice(data.help[0].length) : name);
    if (named === told) return;
    english.set(named, name);
    node.setAttribute("aria-label", named);
  };
  const look = (nodes) => {
    for (const node of nodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.matches("[aria-label]")) tell(node);
      node.querySelectorAll("[aria-label]").forEach(tell);
    }
    for (const [part, name] of Object.entries(data.parts)) {
      for (const node of document.querySelectorAll(part)) if (node.ariaLabel !== name) node.ariaLabel = name;
    }
  };
  watching?.disconnect();
  watching = new MutationObserver((changes) => {
    changes.filter(({ type }) => type === "attributes").forEach(({ target }) => tell(target));
    look(changes.flatMap(({ addedNodes }) => [...addedNodes]));
  });
  look([document.body]);
  watching.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] });
}
