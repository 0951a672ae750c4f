// Scrolls the conversation: the last question goes to the top of the view, with its answer below.
// Otherwise nothing moves: the first visible row keeps its place, whatever is added.
const GAP = 12; // pixels above a question at the top of the view
let asked = 0; // questions in the conversation
let anchor = null; // the row that keeps its place: its number, and pixels from the top of the view
let scrolledTo = 0; // scrollTop as keepPlace set it

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

// Fold the suggested questions away during a conversation.
const foldSamples = (hasBegun) => {
  const samples = document.querySelector(".qa-samples");
  if (samples !== null) samples.open = !hasBegun;
};

const watchConversation = () => {
  const questions = document.querySelectorAll(".qa-chat .user-row").length;
  if (questions > asked || questions === 0) foldSamples(questions > 0);
  if (questions > asked) {
    anchor = { number: [...rows()].findLastIndex((row) => row.matches(".user-row")), place: GAP };
    sized.observe(log());
    sized.observe(rows()[0].parentElement);
  }
  asked = questions;
  keepPlace();
};

const onScroll = (event) => {
  // Ignore events of our own scrolling. They come late: a reply may have moved the rows since.
  if (event.target === log() && Math.abs(log().scrollTop - scrolledTo) >= 1) noteAnchor();
};
document.addEventListener("scroll", onScroll, true);

new MutationObserver((changes) => {
  if (changes.some((change) => change.target.closest?.(".qa-chat"))) watchConversation();
  // Gradio labels each message with its HTML, which a screen reader would read out.
  const labelled = document.querySelectorAll(".qa-chat [data-testid][aria-label]");
  labelled.forEach((message) => message.removeAttribute("aria-label"));
}).observe(document.body, { subtree: true, childList: true, attributeFilter: ["aria-label"] });
