// Looks at one page with a browser that has no window: `node look.mjs PAGE.html FOLDER CHROMIUM`.
// Writes what it saw to standard output as JSON, and pictures into the folder. It judges nothing; main.rs does.
import axe from "axe-core";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const [page_file, folder, chromium] = process.argv.slice(2);
const url = pathToFileURL(page_file).href;
const saw = { dialogs: 0, errors: [], requests: [], looks: [] };

const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
try {
  for (const scheme of ["light", "dark"]) {
    for (const [device, width, height] of [["desktop", 1360, 900], ["phone", 375, 720]]) {
      const page = await open({ width, height }, scheme);
      saw.looks.push({ scheme, device, ...(await look(page)) });
      await page.screenshot({ path: `${folder}/${device}-${scheme}.png`, fullPage: true });
      await page.close();
    }
  }
  const page = await open({ width: 1360, height: 900 }, "light");
  saw.graph = await graph(page);
  saw.keyboard = await keyboard(page);
  saw.filter = await filter(page);
  await page.close();
  saw.without_script = await withoutScript();
} finally {
  await browser.close();
}
console.log(JSON.stringify(saw));

async function open(viewport, scheme, script = true) {
  const page = await browser.newPage();
  page.on("dialog", (dialog) => { saw.dialogs += 1; dialog.dismiss(); });
  page.on("console", (message) => { if (message.type() === "error") saw.errors.push(message.text()); });
  page.on("pageerror", (error) => saw.errors.push(String(error)));
  page.on("request", (request) => { if (request.url() !== url && !request.url().startsWith(`${url}#`)) saw.requests.push(request.url()); });
  await page.setJavaScriptEnabled(script);
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(url, { waitUntil: "load" });
  return page;
}

// Accessibility, and whether the page is wider than the screen.
async function look(page) {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
  });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  return { violations, wider, ground };
}

// The boxes that are drawn, how many of them overlap or stick out, and the lines.
function graph(page) {
  return page.evaluate(() => {
    const svg = document.querySelector("svg.diagram");
    if (!svg) return null;
    const all = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll("rect.box")].map((box) => box.getBoundingClientRect());
    const inside = (b) => b.width > 20 && b.height > 20 && b.left >= all.left && b.right <= all.right && b.top >= all.top && b.bottom <= all.bottom;
    const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const cut = [...svg.querySelectorAll("g > text")].filter((text) => {
      const box = text.parentElement.querySelector("rect.box").getBoundingClientRect();
      return text.getBoundingClientRect().right > box.right + 1;
    });
    return {
      boxes: boxes.length,
      outside: boxes.filter((b) => !inside(b)).length,
      overlaps: boxes.filter((a, i) => boxes.some((b, j) => j < i && over(a, b))).length,
      texts_cut: cut.length,
      lines: svg.querySelectorAll("path.edge").length,
      dead_links: [...document.querySelectorAll("a[href^='#']")].filter((a) => !document.getElementById(a.getAttribute("href").slice(1))).length,
    };
  });
}

// The first key leads to the skip link; the graph's boxes are reached and followed without a mouse.
async function keyboard(page) {
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => document.activeElement.className);
  let hash = null;
  for (let i = 0; i < 40 && hash === null; i += 1) {
    await page.keyboard.press("Tab");
    if (!(await page.evaluate(() => document.activeElement.closest("svg.diagram a")))) continue;
    await page.keyboard.press("Enter");
    hash = await page.evaluate(() => location.hash);
  }
  return { skip, hash };
}

// How many findings are shown when nothing is asked, without warnings, with words that none has, and with all again.
async function filter(page) {
  const shown = () => page.$$eval(".findings > .finding", (all) => all.filter((one) => one.getBoundingClientRect().height > 0).length);
  const words = async (text) => {
    await page.$eval("#filter [name=words]", (input) => { input.value = ""; });
    await page.focus("#filter [name=words]");
    await page.keyboard.type(text || " ");
  };
  if (!(await page.$("#filter"))) return null;
  const counts = { all: await shown() };
  for (const box of await page.$$("#filter [name=level]")) {
    const level = await box.evaluate((input) => input.value);
    await box.click();
    counts[`without_${level}`] = await shown();
    await box.click();
  }
  const rule = await page.$eval("#filter [name=rule] option:nth-child(2)", (option) => option.value);
  await page.select("#filter [name=rule]", rule);
  counts.one_rule = await shown();
  await page.select("#filter [name=rule]", "");
  await words("no finding says this");
  counts.no_words = await shown();
  counts.told = await page.$eval("#shown", (output) => output.textContent);
  await words("");
  counts.again = await shown();
  return { rule, ...counts };
}

async function withoutScript() {
  const page = await open({ width: 1360, height: 900 }, "light", false);
  const tree = await page.accessibility.snapshot();
  const names = JSON.stringify(tree);
  await page.close();
  return { filter_is_hidden: !names.includes('"combobox"'), has_findings: names.includes("Findings") };
}
