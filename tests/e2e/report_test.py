#!/usr/bin/python3
# report_test.py: the report in a real browser: no error, nothing asked of the network, map, table and histogram at work, on desktop and phone.
import json, os, re, shutil, subprocess, sys, tempfile

XINLIAN = os.environ["XINLIAN"]
WORK = os.environ["TEST_TMP"]
HOSTILE = "<script>window.broken=1</script>\"'&amp;<img src=x onerror=window.broken=2>"
number = 0

# What a person would do, done by a script behind the page's own; what came of it stands in the element "outcome".
VISIT = """<script>
window.errors = [];
window.onerror = (message) => window.errors.push(String(message));
document.addEventListener("securitypolicyviolation", (event) => window.errors.push("policy: " + event.violatedDirective));
</script>"""
ACT = """<script>
(() => {
    const $ = (id) => document.getElementById(id), out = { lang: document.documentElement.lang, title: document.title };
    const rows = () => Array.from($("tests").tBodies[0].rows).filter((row) => !row.hidden);
    const cpks = () => rows().map((row) => parseFloat(row.cells[3].textContent)).filter((n) => !Number.isNaN(n));
    const key = (name) => $("map").dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
    try {
        out.scroll = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        out.gallery = document.querySelectorAll(".gallery button").length;
        out.legend = $("legend").textContent;
        key("ArrowRight");
        out.middle = $("tip").textContent;
        key("ArrowRight");
        out.next = $("tip").textContent;
        key("Escape");
        out.gone = $("tip").textContent;
        const buttons = document.querySelectorAll(".gallery button");
        if (buttons.length > 1) buttons[1].click();
        out.shown = $("shown").textContent;
        out.pressed = Array.from(buttons).findIndex((button) => button.getAttribute("aria-pressed") === "true");
        $("kind").value = "site";
        $("kind").dispatchEvent(new Event("change"));
        out.sites = Array.from($("legend").rows).map((row) => row.cells[1].textContent);
        const pixels = $("map").getContext("2d").getImageData(0, 0, $("map").width, $("map").height).data;
        out.colours = new Set(new Uint32Array(pixels.buffer)).size;
        out.cpks = cpks();
        out.all = rows().length;
        const heads = document.querySelectorAll("#tests thead th");
        heads[3].querySelector("button").click();
        out.descending = cpks();
        out.sort = heads[3].getAttribute("aria-sort");
        $("search").value = rows()[0].cells[1].textContent;
        $("search").dispatchEvent(new Event("input"));
        out.found = rows().length;
        document.querySelector("#tests tbody tr:not([hidden]) button.show").click();
        out.open = $("histogram").open;
        out.picture = $("histogram").querySelectorAll("svg path").length;
        out.facts = $("histogram").querySelectorAll("dd").length;
        $("histogram").close();
    } catch (error) {
        window.errors.push(String(error) + error.stack);
    }
    out.errors = window.errors;
    out.broken = window.broken || 0;
    out.external = performance.getEntriesByType("resource").filter((entry) => !entry.name.startsWith("data:")).map((entry) => entry.name);
    const element = document.createElement("pre");
    element.id = "outcome";
    element.textContent = JSON.stringify(out);
    document.body.append(element);
})();
</script>"""


def ok(good, what, why=""):
    global number
    number += 1
    print(("ok" if good else "not ok") + " %d - %s" % (number, what))
    if not good:
        print("\n".join("# " + line for line in str(why).splitlines()))
    return good


def browser():
    for name in ["chromium", "chromium-browser", "google-chrome"]:
        if shutil.which(name):
            return name
    return None


def visit(page, width, height):
    """The outcome of a visit, and what the browser logged."""
    html = open(page, encoding="utf-8").read()
    acted = page + ".acted.html"
    open(acted, "w", encoding="utf-8").write(html.replace("</title>", "</title>" + VISIT, 1).replace("</body>", ACT + "</body>", 1))
    with tempfile.TemporaryDirectory(dir=WORK) as profile:
        done = subprocess.run([browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                               "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + profile,
                               "--window-size=%d,%d" % (width, height), "--enable-logging=stderr", "--dump-dom", "file://" + acted],
                              capture_output=True, text=True, timeout=180)
    found = re.search(r'<pre id="outcome">(.*?)</pre>', done.stdout, re.S)
    if not found:
        return None, done.stderr[-3000:]
    text = found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(text), "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def expect(page, what, width, height, language, wafers):
    seen, log = visit(page, width, height)
    if not ok(seen is not None, what + ": the page runs", log):
        return
    ok(not seen["errors"] and not log, what + ": no error, no breach of its own policy", "\n".join(seen["errors"]) + log)
    ok(not seen["external"], what + ": nothing is fetched", seen["external"])
    ok(seen["broken"] == 0, what + ": no text of the lot runs as a script")
    ok(seen["lang"] == language, what + ": it says its language", seen["lang"])
    ok(seen["scroll"] <= 0, what + ": nothing is wider than the window", seen["scroll"])
    ok(seen["gallery"] == wafers, what + ": a small map for each wafer and one for all", seen["gallery"])
    ok("X " in seen["middle"] and seen["next"] and seen["next"] != seen["middle"] and seen["gone"] == "", what + ": the arrow keys read the dice",
       [seen["middle"], seen["next"], seen["gone"]])
    ok(seen["pressed"] == 1, what + ": another wafer is chosen", seen["pressed"])
    ok(len(seen["sites"]) == 4 and sum(map(int, seen["sites"])) > 0 and seen["colours"] > 4, what + ": the map shows sites", [seen["sites"], seen["colours"]])
    ok(len(seen["cpks"]) > 5 and seen["cpks"] == sorted(seen["cpks"]), what + ": the worst Cpk stands first", seen["cpks"])
    ok(seen["descending"] == sorted(seen["cpks"], reverse=True) and seen["sort"] == "descending", what + ": a column sorts the other way", seen["descending"])
    ok(1 <= seen["found"] < seen["all"], what + ": the search narrows the table", [seen["found"], seen["all"]])
    ok(seen["open"] and seen["picture"] >= 2 and seen["facts"] >= 10, what + ": a histogram grows", [seen["open"], seen["picture"], seen["facts"]])


def run(*arguments):
    done = subprocess.run([XINLIAN, *arguments], capture_output=True, text=True, timeout=300, env=dict(os.environ, LANG="C.UTF-8"))
    if done.returncode != 0:
        print("Bail out! %s: %s" % (" ".join(arguments), done.stderr))
        sys.exit(1)


def main():
    if not browser():
        print("1..0 # SKIP no Chromium here")
        return
    pages = {}
    for language, name in [("en", "LOT7"), ("zh_CN", HOSTILE)]:
        lot, pages[language] = os.path.join(WORK, language + ".stdf"), os.path.join(WORK, language + ".html")
        run("stdf", "simulate", "--seed", "7", "--wafers", "3", "--parts", "300", "--tests", "30", "--functional", "4", "--pin-tests", "2", "--pins", "4",
            "--sites", "4", "--retest", "0.5", "--break", "text", "--lot", name, "-o", lot)
        run("stdf", "report", lot, "-o", pages[language], "--lang", language)
    expect(pages["en"], "desktop", 1280, 900, "en", 4)
    expect(pages["zh_CN"], "phone", 500, 900, "zh-CN", 4)  # 500: headless Chromium has no narrower window
    page = open(pages["zh_CN"], encoding="utf-8").read()
    ok("://" not in page and "<link" not in page, "no address stands in the page")
    ok("&lt;script&gt;window.broken=1" in page, "a hostile lot name is shown as it is")
    print("1..%d" % number)


main()
