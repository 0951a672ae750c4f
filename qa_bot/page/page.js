// Handles clicks and keys. Gradio runs this once, with `trigger`, which sends an event to the
// server. The server renders and escapes everything shown; here text is only read and copied.
const body = document.body;
let opener = null; // the element that had the focus when the side pane was opened

const openSide = (from) => {
  opener = from;
  body.classList.add("qa-side-open");
  const back = document.querySelector(".qa-back");
  if (getComputedStyle(back).display !== "none") back.focus();
};

const closeSide = () => {
  if (!body.classList.contains("qa-side-open")) return;
  body.classList.remove("qa-side-open");
  if (opener === null) return;
  // An answer is made anew when questions that lead on are added to it.
  const links = [...document.querySelectorAll(".qa-answer a")];
  const again = opener.isConnected ? opener : links.find((link) => link.hash === opener.hash);
  if (again !== undefined) again.focus();
};

const copyText = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS, a page from another machine has no clipboard API, but this works.
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
  if (!event.target.closest("a") && !getSelection().isCollapsed) return; // text was selected
  event.preventDefault();
  document
    .querySelectorAll(".qa-current")
    .forEach((current) => current.classList.remove("qa-current"));
  quote.classList.add("qa-current");
  trigger("qa_show", { of: link.hash.slice(1) });
  openSide(link);
};

// Put a question back into the box for editing.
const editQuestion = (button) => {
  const box = document.querySelector(".qa-ask textarea");
  box.value = button.parentElement.querySelector(".qa-plain").textContent;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
};

// Ask a follow-up again without one part of what was understood.
const askWithout = (chip, event) => {
  event.preventDefault();
  trigger("qa_without", { of: chip.hash.slice(1) });
  document.querySelector(".qa-ask textarea").focus();
};

document.addEventListener("click", (event) => {
  const target = event.target.closest(
    ".qa-copy, .qa-quote, .qa-edit, .qa-chip, .qa-lead, [data-ask], [data-open], [data-remove]" +
      ", .qa-back, .qa-side",
  );
  if (target === null) return;
  if (target.matches(".qa-copy")) copyQuote(target);
  else if (target.matches(".qa-quote")) showQuote(target, event);
  else if (target.matches(".qa-edit")) editQuestion(target);
  else if (target.matches(".qa-chip")) askWithout(target, event);
  else if (target.matches(".qa-lead")) trigger("qa_ask", { question: target.textContent });
  else if (target.dataset.ask) trigger("qa_ask", { question: target.dataset.ask });
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
