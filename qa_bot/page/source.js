// The source. What is marked is brought into view: when another page or quote is shown, and when
// the pane appears. Words are found by the browser's own highlights, which change no markup.
let matches = []; // Ranges of what is looked for, in order
let current = -1; // the one that is shown
let isNew = false; // whether the page was not seen yet

const pane = () => element.querySelector(".qa-source");

const bringToView = (place) => {
  const above = place.getBoundingClientRect().top - pane().getBoundingClientRect().top;
  pane().scrollTop += above - pane().clientHeight / 3;
};

const reveal = () => {
  if (pane() === null || pane().offsetParent === null) return; // what is hidden does not scroll
  const mark = element.querySelector("mark.qa-said, mark");
  if (mark !== null) bringToView(mark);
  else if (isNew) pane().scrollTop = 0;
  isNew = false;
};

// Return the Ranges of a pattern in a block; its text lies in several nodes where there are marks.
const findIn = (block, pattern) => {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const pieces = [];
  let text = "";
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    pieces.push({ node, start: text.length });
    text += node.data;
  }
  const holding = (at) => pieces.findLast((piece) => piece.start <= at);
  return [...text.matchAll(pattern)].map((match) => {
    const [first, last] = [holding(match.index), holding(match.index + match[0].length - 1)];
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
  shown.forEach(bringToView);
};

const tell = (words) => {
  element.querySelector(".qa-found").textContent = words;
  element.querySelectorAll("[data-find]").forEach((it) => (it.disabled = matches.length === 0));
};

const find = (words) => {
  const literal = words.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
  const blocks = literal === "" ? [] : [...pane().querySelectorAll("h2, h3, p")];
  matches = blocks.flatMap((block) => findIn(block, new RegExp(literal, "giu")));
  showMatch(0);
  tell(matches.length > 0 ? `1 of ${matches.length}` : literal === "" ? "" : "not found");
};

const step = (by) => {
  if (matches.length === 0) return;
  showMatch((current + by + matches.length) % matches.length);
  tell(`${current + 1} of ${matches.length}`);
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

// Another page is shown: Gradio changes the old one into it, which keeps where that was scrolled
// to and what was looked for.
watch("value", () => {
  if (pane() === null) return;
  element.querySelector(".qa-find input").value = "";
  find("");
  isNew = true;
  reveal();
});
new ResizeObserver(reveal).observe(element);
