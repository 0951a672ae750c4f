// What the page does in the browser. Gradio runs it once, with `trigger`, which sends an event to
// the server. All that it shows comes from the server, escaped; here only text is read and copied.
const body = document.body;
let opener = null; // what had the focus when the side was opened on a small screen

const openSide = (from) => {
  opener = from;
  body.classList.add("qa-side-open");
  const back = document.querySelector(".qa-back");
  if (getComputedStyle(back).display !== "none") back.focus();
};

const closeSide = () => {
  if (!body.classList.contains("qa-side-open")) return;
  body.classList.remove("qa-side-open");
  if (opener !== null && opener.isConnected) opener.focus();
};

const copyText = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard for a page from another machine without HTTPS: the old way still works.
    const box = Object.assign(document.createElement("textarea"), { value: text });
    body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
};

const copyQuote = async (button) => {
  const quote = button.closest(".qa-quote");
  const words = quote.querySelector("blockquote").textContent;
  await copyText(`“${words}”\n— ${quote.querySelector("a").textContent}`);
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
  button.focus();
};

const showQuote = (quote, event) => {
  const link = quote.querySelector("a");
  if (!event.target.closest("a") && !getSelection().isCollapsed) return; // words were selected
  event.preventDefault();
  document.querySelectorAll(".qa-current").forEach((it) => it.classList.remove("qa-current"));
  quote.classList.add("qa-current");
  trigger("qa_show", { of: link.hash.slice(1) });
  openSide(link);
};

document.addEventListener("click", (event) => {
  const target = event.target.closest(
    ".qa-copy, .qa-quote, [data-open], [data-remove], .qa-back, .qa-side",
  );
  if (target === null) return;
  if (target.matches(".qa-copy")) copyQuote(target);
  else if (target.matches(".qa-quote")) showQuote(target, event);
  else if (target.dataset.open) trigger("qa_open", { of: target.dataset.open });
  else if (target.dataset.remove) trigger("qa_remove", { of: target.dataset.remove });
  else if (target.matches(".qa-back")) closeSide();
  else if (target.matches("button.qa-side")) openSide(target);
});

document.addEventListener("change", (event) => {
  const id = event.target.dataset?.choose;
  if (id) trigger("qa_choose", { of: id, asked: event.target.checked });
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSide();
});

// The conversation. What was asked last is brought to the top of what is seen, with its answer
// below. Otherwise nothing moves: the first row that is seen keeps its place, whatever arrives.
const GAP = 12; // pixels above a question that was brought to the top
let asked = 0; // questions in the conversation
let anchor = null; // the row that keeps its place, by number, and where it stands in what is seen
let scrolledTo = 0; // by keepPlace

const log = () => document.querySelector(".qa-chat [role=log]");
const rows = () => document.querySelectorAll(".qa-chat .message-row");
const placeOf = (row) => row.getBoundingClientRect().top - log().getBoundingClientRect().top;

const noteAnchor = () => {
  const all = [...rows()];
  const first = all.findIndex((row) => placeOf(row) + row.offsetHeight > 0);
  anchor = first < 0 ? null : { number: first, place: placeOf(all[first]) };
};

const keepPlace = () => {
  const question = [...document.querySelectorAll(".qa-chat .user-row")].at(-1);
  const row = anchor === null ? undefined : rows()[anchor.number];
  if (question === undefined || row === undefined) return;
  const wrap = question.parentElement;
  const last = wrap.lastElementChild.getBoundingClientRect().bottom;
  const used = last - question.getBoundingClientRect().top + GAP;
  wrap.style.paddingBottom = `${Math.max(0, log().clientHeight - used)}px`;
  log().scrollTop += placeOf(row) - anchor.place;
  scrolledTo = log().scrollTop;
};

const sized = new ResizeObserver(keepPlace);

const watchConversation = () => {
  const questions = document.querySelectorAll(".qa-chat .user-row").length;
  if (questions > asked) {
    anchor = { number: [...rows()].findLastIndex((row) => row.matches(".user-row")), place: GAP };
    sized.observe(log());
    sized.observe(rows()[0].parentElement);
  }
  asked = questions;
  keepPlace();
};

const onScroll = (event) => {
  // An event of our own scrolling comes late: a reply may have moved the rows meanwhile.
  if (event.target === log() && Math.abs(log().scrollTop - scrolledTo) >= 1) noteAnchor();
};
document.addEventListener("scroll", onScroll, true);

new MutationObserver((changes) => {
  if (changes.some((change) => change.target.closest?.(".qa-chat"))) watchConversation();
  // Gradio labels each message with its own source, which a screen reader would read as markup.
  const labelled = document.querySelectorAll(".qa-chat [data-testid][aria-label]");
  labelled.forEach((message) => message.removeAttribute("aria-label"));
}).observe(body, { subtree: true, childList: true, attributeFilter: ["aria-label"] });
