"use strict";
// Filters the findings; without it all of them are shown.
const form = document.getElementById("filter");
if (form) {
  const all = [...document.querySelectorAll(".findings > .finding")];
  const filter = () => {
    const levels = new Set([...form.querySelectorAll("[name=level]:checked")].map((box) => box.value));
    const rule = form.elements.rule.value;
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of all) {
      const text = one.textContent.toLowerCase();
      const fits = levels.has(one.dataset.level) && (!rule || rule === one.dataset.rule) && words.every((word) => text.includes(word));
      one.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    document.getElementById("shown").textContent = `${shown} of ${all.length} shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
}
