// Bring what is marked into view: when another page or quote is shown, and when the pane appears.
const reveal = () => {
  const pane = element.querySelector(".qa-source");
  const mark = element.querySelector("mark.qa-said, mark");
  if (pane === null || mark === null || pane.offsetParent === null) return;
  const above = mark.getBoundingClientRect().top - pane.getBoundingClientRect().top;
  pane.scrollTop += above - pane.clientHeight / 3;
};
watch("value", reveal);
new ResizeObserver(reveal).observe(element);
