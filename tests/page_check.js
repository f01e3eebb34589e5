/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside of a copy of a report page: finds text over text, what leaves its
 * container, and elements that no report has.  Tells the page around it. */
"use strict";
window.addEventListener("load", () => {
  const problems = [];
  const tell = (what, node) => {
    const text = (node.textContent || node.tagName || "").trim().slice(0, 60);
    if (problems.length < 20) problems.push(what + ": " + text);
  };

  const strange = "img, iframe, object, embed, link, base, form, audio, video, foreignObject, " +
    "[onload], [onerror], [onclick], a:not([href^='#']), use:not([href^='#'])";
  document.querySelectorAll(strange).forEach((node) => tell("an element of no report", node));
  if (document.querySelectorAll("script").length !== 1) tell("another script", document.body);
  if (document.title.includes("owned") && !document.title.startsWith("hcbench: "))
    tell("the title was changed", document.head);
  const ids = new Set();
  document.querySelectorAll("[id]").forEach((node) => {
    if (ids.has(node.id)) tell("an id twice, " + node.id, node);
    ids.add(node.id);
  });

  document.querySelectorAll("details").forEach((node) => { node.open = true; });
  const page = document.documentElement;
  if (page.scrollWidth > window.innerWidth) tell("the page is wider than its window", document.body);

  /* A phone scrolls tables; a desk shows them whole. */
  if (window.innerWidth >= 1400)
    document.querySelectorAll(".scroll").forEach((box) => {
      if (box.scrollWidth > box.clientWidth)
        tell("a table of " + box.scrollWidth + " pixels in " + box.clientWidth, box);
    });

  /* The part of a box that boxes with a scroll bar let through. */
  const clip = (box, node) => {
    let { left, top, right, bottom } = box;
    for (let at = node.parentElement; at; at = at.parentElement) {
      if (getComputedStyle(at).overflowX === "visible" || at === page || at === document.body) continue;
      const outer = at.getBoundingClientRect();
      left = Math.max(left, outer.left); right = Math.min(right, outer.right);
    }
    return { left, top, right, bottom };
  };

  /* What answers comes first, and a phone shows it without scrolling: a row's name and
   * the cell behind it, and each verdict. */
  document.querySelectorAll("tbody tr:not(.group) > :nth-child(-n+2), .verdict").forEach((cell) => {
    if (cell.getBoundingClientRect().right > window.innerWidth) tell("an answer is off the screen", cell);
  });

  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.textContent.trim() || ["SCRIPT", "STYLE"].includes(node.parentElement.tagName)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const seen = clip(box, node);
      if (seen.right - seen.left < 1 || box.height < 1) continue;
      boxes.push({ ...seen, node });
      if (!node.parentElement.closest(".scroll") && (box.left < -1 || box.right > window.innerWidth + 1))
        tell("a text leaves the page", node);
      if (box.height < 9) tell("a text of " + box.height + " pixels", node);
    }
  }
  boxes.sort((a, b) => a.top - b.top);
  boxes.forEach((a, i) => {
    for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom - 2; j++) {
      const b = boxes[j];
      if (a.node !== b.node && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2)
        tell("text over '" + a.node.textContent.trim().slice(0, 40) + "'", b.node);
    }
  });
  if (boxes.length < 20) tell("hardly any text", document.body);

  const within = (inner, outer, what, node) => {
    if (inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1 ||
        inner.bottom > outer.bottom + 1) tell(what, node);
  };
  let drawings = 0;
  document.querySelectorAll("figure svg").forEach((svg) => {
    const box = svg.getBoundingClientRect();
    if (box.width === 0) return;
    drawings++;
    within(box, svg.parentElement.getBoundingClientRect(), "a drawing leaves its container", svg);
    svg.querySelectorAll("text").forEach((text) =>
      within(text.getBoundingClientRect(), box, "a text leaves its drawing", text));
  });
  parent.postMessage({ name: window.name, drawings, texts: boxes.length, problems }, "*");
});
