// The source pane. It scrolls to the marked quote when another source is shown, and when the pane
// appears. Search uses the CSS Custom Highlight API, which does not change the markup.
let matches = []; // Ranges of the matches of the search, in order
let current = -1; // the index of the current match
let isNew = false; // whether the source was not visible yet

const pane = () => element.querySelector(".qa-source");

const scrollIntoPane = (place) => {
  const above = place.getBoundingClientRect().top - pane().getBoundingClientRect().top;
  pane().scrollTop += above - pane().clientHeight / 3;
};

const reveal = () => {
  if (pane() === null || pane().offsetParent === null) return; // a hidden pane cannot scroll
  const mark = element.querySelector("mark.qa-said, mark");
  if (mark !== null) scrollIntoPane(mark);
  else if (isNew) pane().scrollTop = 0;
  isNew = false;
};

// Return the Ranges that match a pattern in a block; marks split its text into several nodes.
const findIn = (block, pattern) => {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const pieces = [];
  let text = "";
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    pieces.push({ node, start: text.length });
    text += node.data;
  }
  const pieceAt = (index) => pieces.findLast((piece) => piece.start <= index);
  return [...text.matchAll(pattern)].map((match) => {
    const [first, last] = [pieceAt(match.index), pieceAt(match.index + match[0].length - 1)];
    const range = new Range();
    range.setStart(first.node, match.index - first.start);
    range.setEnd(last.node, match.index + match[0].length - last.start);
    return range;
  });
};

const highlight = (name, ranges) => globalThis.CSS?.highlights?.set(name, new Highlight(...ranges));

const showMatch = (number) => {
  current = number;
  const shown = matches.slice(current, current + 1);
  highlight("qa-found", matches);
  highlight("qa-found-now", shown);
  shown.forEach(scrollIntoPane);
};

const showStatus = (status) => {
  element.querySelector(".qa-found").textContent = status;
  const buttons = element.querySelectorAll("[data-find]");
  buttons.forEach((button) => (button.disabled = matches.length === 0));
};

const find = (words) => {
  const literal = words.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
  const blocks = literal === "" ? [] : [...pane().querySelectorAll("h2, h3, p")];
  matches = blocks.flatMap((block) => findIn(block, new RegExp(literal, "giu")));
  showMatch(0);
  showStatus(matches.length > 0 ? `1 of ${matches.length}` : literal === "" ? "" : "not found");
};

const step = (by) => {
  if (matches.length === 0) return;
  showMatch((current + by + matches.length) % matches.length);
  showStatus(`${current + 1} of ${matches.length}`);
};

element.addEventListener("input", (event) => {
  if (event.target.matches(".qa-find input")) find(event.target.value);
});
element.addEventListener("keydown", (event) => {
  if (!event.target.matches(".qa-find input") || event.key !== "Enter") return;
  event.preventDefault();
  step(event.shiftKey ? -1 : 1);
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-find]");
  if (button !== null) step(Number(button.dataset.find));
});

// When another source is shown, Gradio updates the old elements, which keep their scroll position
// and the text of the search.
watch("value", () => {
  if (pane() === null) return;
  element.querySelector(".qa-find input").value = "";
  find("");
  isNew = true;
  reveal();
});
new ResizeObserver(reveal).observe(element);
