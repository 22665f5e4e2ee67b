"""What was measured: as lines on the terminal, a table in Markdown, a picture."""
import math, os

FORMS = {"naive": "naive", "hand": "by hand", "msr": "msr"}
# What issue 4 asks for: of a hand's stall; of the rows a second of one UPDATE; ms.
WITHIN, SHARE, STALL = 1.2, 0.7, 100


def failures(cell):
    return sum(cell.get("failed", {}).values())


def ratio(found, change):
    """msr's stall against the hand's; what the machine does without any change is nobody's merit."""
    hand, msr = change.get("hand", {}), change.get("msr", {})
    if "stall" not in hand or "stall" not in msr:
        return None
    floor = found["none"]["stall"] if found["none"] else 0
    return max(msr["stall"], floor) / max(hand["stall"], floor)


def misses(found):
    """Where msr does not reach what it must."""
    out = []
    for c in found["changes"]:
        msr = c.get("msr", {})
        if "error" in msr:
            out.append(f"{c['name']}: {msr['error']}")
        if failures(msr):
            out.append(f"{c['name']}: {failures(msr)} statements failed: {msr['failed']}")
        r = ratio(found, c)
        if r and r > WITHIN:
            out.append(f"{c['name']}: {r:.1f} × of what a hand does")
    rows = {(row["title"], row["load"]): row for row in found["backfill"]}
    if rows:
        share = rows["msr", False]["rows"] / rows["one UPDATE", False]["rows"]
        if share < SHARE:
            out.append(f"backfill: {share:.2f} of the rows a second of one UPDATE")
        if rows["msr", True]["stall"] > STALL:
            out.append(f"backfill: a stall of {rows['msr', True]['stall']:.0f} ms")
    return out


def head(found):
    print(f"PostgreSQL {found['postgres']}, {found['rows']:,} rows, {found['rate']} statements/s\n")
    print(f"{'longest stall in ms, statements failed, took':32}" + "".join(f"{name:>27}" for name in FORMS.values()), flush=True)


def line(title, cells):
    def cell(c):
        if not c:
            return ""
        if "error" in c:
            return "failed"
        failed = f" {failures(c)}!" if failures(c) else ""
        return f"{c['stall']:,.0f}{failed} ({c['seconds']:.1f} s)"
    shown = [cells.get(form) for form in FORMS]
    if "none" in cells:
        shown[0] = cells["none"]
    print(f"{title:32}" + " " * 12 + "".join(f"{cell(c):>27}" for c in shown), flush=True)
    for form, c in cells.items():
        if "error" in c:
            print(f"    {form}: {c['error']}", flush=True)
        elif failures(c):
            print(f"    {form}: {c['failed']}", flush=True)


def filled(row):
    load = "under load" if row["load"] else "alone"
    print(f"  {row['title']:32}{load:12}{row['rows']:10,.0f} rows/s   longest stall {row['stall']:,.0f} ms", flush=True)


def table(found):
    head(found)
    if found["none"]:
        line("no change", {"none": found["none"]})
    for c in found["changes"]:
        line(c["title"], {form: c[form] for form in FORMS if form in c})
    for row in found["backfill"]:
        filled(row)


def ms(n):
    return f"{n:,.0f}" if n >= 10 else f"{n:.1f}"


def stalls(found):
    yield ["longest stall", *FORMS.values(), "msr : by hand"]
    for c in found["changes"]:
        r = ratio(found, c)
        yield [c["title"], *(stall(c.get(form)) for form in FORMS), f"{r:.1f}" if r else ""]


def stall(cell):
    if not cell or "error" in cell:
        return "not done" if cell else ""
    n = failures(cell)
    return ms(cell["stall"]) + " ms" + (f", **{n:,} failed**" if n else "")


def others(found):
    yield ["", *(f"{name}, 99 %" for name in FORMS.values()), *(f"{name}, took" for name in FORMS.values())]
    for c in found["changes"]:
        cells = [c.get(form, {}) for form in FORMS]
        yield ([c["title"]] + [ms(x["p99"]) + " ms" if "p99" in x else "" for x in cells]
               + [f"{x['seconds']:.1f} s" if "seconds" in x else "" for x in cells])


def aligned(lines):
    """A Markdown table; numbers stand right."""
    first, *rest = lines
    sides = "|".join(["---"] + ["---:"] * (len(first) - 1))
    return "\n".join(["| " + " | ".join(first) + " |", f"|{sides}|"] + ["| " + " | ".join(cells) + " |" for cells in rest])


def markdown(found, path):
    none = found["none"]
    text = (f"PostgreSQL {found['postgres']}, {found['rows']:,} rows, {found['rate']} statements a second on {found['clients']} connections, "
            f"{found['cores']} cores. With no change at all the longest wait was {ms(none['stall'])} ms in 5 s.\n\n" if none else "")
    text += aligned(list(stalls(found))) + "\n"
    if found["backfill"]:
        lines = [["backfill", "rows/s", "rows/s under load", "longest stall"]]
        pairs = zip(found["backfill"][::2], found["backfill"][1::2])
        for alone, load in pairs:
            lines.append([alone["title"], f"{alone['rows']:,.0f}", f"{load['rows']:,.0f}", f"{ms(load['stall'])} ms"])
        text += "\n" + aligned(lines) + "\n"
    text += "\nThe 99th percentile of the answers while the change went on, and how long that took:\n\n" + aligned(list(others(found))) + "\n"
    begin, end = "<!-- measured -->\n", "<!-- end -->"
    old = open(path).read() if os.path.exists(path) else begin + end
    if begin not in old or end not in old:
        raise SystemExit(f"{path} has no place for the table: {begin.strip()} and {end}")
    before, rest = old.split(begin, 1)
    open(path, "w").write(before + begin + text + end + rest.split(end, 1)[1])


STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.grid { stroke: #d1d9e0 }
.floor { stroke: #59636e; stroke-dasharray: 3 3 }
.bad { fill: #b3463c; font-weight: 600 }
.naive { fill: #b3463c } .hand { fill: #7d8590 } .msr { fill: #1a7f64 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d } .floor { stroke: #9198a1 }
  .bad { fill: #e5736a }
  .naive { fill: #e5736a } .hand { fill: #9aa4ae } .msr { fill: #35b58f }
}
"""


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def svg(found, path):
    """Bars on a logarithmic scale, three for each change. What failed is said in words: it is no length."""
    left, width, bar, gap, top = 255, 540, 9, 12, 58
    shown = [c for c in found["changes"] if any("stall" in c.get(f, {}) for f in FORMS)]
    if not shown:
        return
    longest = max(c[f]["stall"] for c in shown for f in FORMS if "stall" in c.get(f, {}))
    top_power = max(3, math.ceil(math.log10(longest)))
    x = lambda n: left + width * math.log10(max(n, 1)) / top_power
    pitch = 3 * bar + gap
    bottom = top + pitch * len(shown)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 150} {bottom + 34}" role="img">',
           f"<title>The longest stall of an application while a table of {found['rows']:,} rows changes</title>", f"<style>{STYLE}</style>",
           f'<text x="{left}" y="18">longest stall of the application, {found["rows"]:,} rows (logarithmic)</text>']
    for i, (form, name) in enumerate(FORMS.items()):
        at = left + i * 110
        out.append(f'<rect class="{form}" x="{at}" y="29" width="11" height="11"/><text class="small" x="{at + 16}" y="39">{name}</text>')
    for power in range(top_power + 1):
        at, n = x(10 ** power), 10 ** power
        name = f"{n} ms" if n < 1000 else f"{n // 1000} s"
        out.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top - 6}" y2="{bottom}"/>'
                   f'<text class="small" x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{name}</text>')
    if found["none"]:
        at = x(found["none"]["stall"])
        out.append(f'<line class="floor" x1="{at:.1f}" x2="{at:.1f}" y1="{top - 6}" y2="{bottom}"/>'
                   f'<text class="small" x="{at:.1f}" y="{bottom + 29}" text-anchor="middle">no change</text>')
    for i, c in enumerate(shown):
        y = top + i * pitch
        out.append(f'<text x="{left - 10}" y="{y + 2 * bar}" text-anchor="end">{escaped(c["title"])}</text>')
        for j, form in enumerate(FORMS):
            cell = c.get(form, {})
            if "stall" not in cell:
                continue
            n = failures(cell)
            fails = f", {n:,} statements fail" if n else ""
            said = f"{ms(cell['stall'])} ms"
            end = x(cell["stall"])
            out.append(f'<rect class="{form}" x="{left}" y="{y + j * bar}" width="{max(end - left, 1):.1f}" height="{bar - 1}">'
                       f"<title>{FORMS[form]}: {said}{fails}</title></rect>"
                       f'<text class="small" x="{end + 5:.1f}" y="{y + j * bar + 8}" style="font-size: 9.5px">{said}'
                       f'<tspan class="bad">{fails}</tspan></text>')
    open(path, "w").write("\n".join(out + ["</svg>\n"]))
