#!/usr/bin/python3
# figures_test.py: the figures that the command prints, against a reader and arithmetic of our own. (sanitized too)
import bz2, csv, gzip, io, math, os, shutil, statistics, struct, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import *
import stdf

lot = simulated("lot.stdf", "--wafers", "3", "--parts", "150", "--tests", "20", "--seed", "11", "--yield", "80%", "--retest", "0.7", "--lot", "ALPHA")
data = open(lot, "rb").read()
runs = stdf.parts(data)


def chosen(pick, by="xy"):
    dice = {}
    for run in runs:
        dice.setdefault((run["wafer"], run["x"], run["y"]), []).append(run)
    if pick == "all":
        return [r for d in dice.values() for r in d], dice
    take = {"last": lambda d: d[-1], "first": lambda d: d[0], "best": lambda d: ([r for r in d if r["passed"]] or d)[-1]}
    def fails(d):
        kept = d[0]
        for run in d[1:]:
            kept = kept if kept["passed"] else run
        return kept
    take["fails"] = fails
    return [take[pick](d) for d in dice.values()], dice


for pick in ("last", "first", "best", "fails", "all"):
    kept, dice = chosen(pick)
    answer = xinlian("stdf", "summary", lot, "--retest", pick, "--json").json
    y = answer["lots"][0]["yield"]
    equal((y["policy"], y["parts"], y["passed"], y["runs"]), (pick, len(kept), sum(r["passed"] for r in kept), len(runs)), "yield by --retest " + pick)
    for wafer in answer["lots"][0]["wafers"]:
        of = [r for r in kept if r["wafer"] == wafer["name"]]
        equal((wafer["yield"]["parts"], wafer["yield"]["passed"]), (len(of), sum(r["passed"] for r in of)), "of wafer %s by %s" % (wafer["name"], pick))
    bins = {}
    for run in kept:
        bins[run["hard"]] = bins.get(run["hard"], 0) + 1
    equal({b["bin"]: b["parts"] for b in answer["lots"][0]["hard_bins"] if b["parts"]}, bins, "hard bins by " + pick)
    text = xinlian("stdf", "summary", lot, "--retest", pick).out
    names = {"last": "last run", "first": "first run", "best": "best run", "fails": "only fails replaced", "all": "every run counts"}
    ok("Yield (%s" % names[pick] in text and "%s" % format(len(kept), ",") in text, "the text names the policy " + pick, text[:600])
kept, dice = chosen("last")
y = xinlian("stdf", "summary", lot, "--json").json["lots"][0]["yield"]
equal((y["retested"], y["recovered"], y["first_passed"]), (sum(len(d) > 1 for d in dice.values()), sum(len(d) > 1 and not d[0]["passed"] and d[-1]["passed"] for d in dice.values()),
      sum(d[0]["passed"] for d in dice.values())), "retested, recovered, first passed")

# Filters.
for words, keep in ((["--site", "2"], lambda r: r["site"] == 2), (["--head", "1"], lambda r: r["head"] == 1), (["--bin", "1"], lambda r: r["hard"] == 1),
                    (["--bin", "2-99"], lambda r: 2 <= r["hard"] <= 99), (["--where", "x >= 0 and y < 3"], lambda r: r["x"] >= 0 and r["y"] < 3),
                    (["--where", "not passed"], lambda r: not r["passed"])):
    equal(xinlian("stdf", "summary", lot, "--json", "--retest", "all", *words).json["lots"][0]["yield"]["parts"], sum(map(keep, runs)), "filter " + " ".join(words))
answer = xinlian("stdf", "summary", lot, "--site", "2", "--where", "x > 0")
ok("only:" in answer.out and "site 2, x > 0" in answer.out, "a filter is said", answer.out[:400])
answer = xinlian("stdf", "summary", lot, "--where", "x > 9999")
ok(answer.code == 0 and "filter leaves no part" in answer.out, "a filter that leaves nothing", answer.out)

# Corrections.
answer = xinlian("stdf", "summary", lot, "--lot", "TRUE", "--wafer", "7", "--pass-bins", "1,3", "--rotate", "90", "--mirror")
ok("corrected:" in answer.out and all(w in answer.out for w in ("Lot TRUE", "wafer 7", "passing bins 1,3", "left and right exchanged", "turned 90")), "corrections are said", answer.out[:500])
y = xinlian("stdf", "summary", lot, "--pass-bins", "3", "--retest", "all", "--json").json["lots"][0]["yield"]
equal(y["passed"], sum(r["hard"] == 3 for r in runs), "--pass-bins decides")
first = xinlian("stdf", "map", lot, "--json").json["maps"][0]["map"]["values"]
turned = xinlian("stdf", "map", lot, "--json", "--rotate", "180").json["maps"][0]["map"]["values"]
equal([row[::-1] for row in first[::-1]], turned, "--rotate 180 turns the map")
equal([row[::-1] for row in first], xinlian("stdf", "map", lot, "--json", "--mirror").json["maps"][0]["map"]["values"], "--mirror mirrors it")

# Input: containers, standard input, folders, several files.
plain = xinlian("stdf", "tests", lot, "-n", "5").raw
open(path("lot.gz"), "wb").write(gzip.compress(data))
open(path("lot.odd"), "wb").write(bz2.compress(data))
equal(xinlian("stdf", "tests", path("lot.gz"), "-n", "5").raw, plain, "gzip gives the same")
equal(xinlian("stdf", "tests", path("lot.odd"), "-n", "5").raw, plain, "bzip2 under another name too")
equal(xinlian("stdf", "tests", "-", "-n", "5", stdin=data).raw, plain, "standard input too")
equal(xinlian("stdf", "tests", "-", "-", stdin=data).code, 2, "standard input twice: exit 2")
folder = path("folder")
os.makedirs(folder + "/deep/.hidden", exist_ok=True)
shutil.copy(lot, folder + "/deep/a.stdf")
other = simulated("other.stdf", "--wafers", "1", "--parts", "40", "--tests", "5", "--seed", "12", "--lot", "BETA")
shutil.copy(other, folder + "/b.stdf")
shutil.copy(other, folder + "/deep/.hidden/c.stdf")
open(folder + "/readme.txt", "w").write("hello")
open(folder + "/empty.stdf", "w")
answer = xinlian("stdf", "summary", folder, "--json")
equal((answer.code, sorted(l["lot"] for l in answer.json["lots"])), (0, ["ALPHA", "BETA"]), "a folder's files are grouped by lot")
equal([l["yield"]["runs"] for l in sorted(answer.json["lots"], key=lambda l: l["lot"])], [len(runs), len(stdf.parts(open(other, "rb").read()))], "hidden and other files are passed over")
ok("2 files" in xinlian("stdf", "summary", folder).err, "and it is said how many were")
answer = xinlian("stdf", "summary", lot, folder + "/readme.txt")
ok(answer.code == 1 and "readme.txt" in answer.err and "Lot ALPHA" in answer.out, "a named file that is none: exit 1, the rest is shown", answer.err)
first_touch = simulated("first.stdf", "--wafers", "1", "--parts", "150", "--tests", "6", "--seed", "13", "--pass", "first", "--retest", "0.6", "--yield", "0.8")
again = simulated("again.stdf", "--wafers", "1", "--parts", "150", "--tests", "6", "--seed", "13", "--pass", "retest", "--retest", "0.6", "--yield", "0.8")
dice = {}
for run in stdf.parts(open(first_touch, "rb").read()) + stdf.parts(open(again, "rb").read()):
    dice.setdefault((run["x"], run["y"]), []).append(run)
wanted = (len(dice), sum(d[-1]["passed"] for d in dice.values()))
for order in ((first_touch, again), (again, first_touch)):
    answer = xinlian("stdf", "summary", *order, "--json").json["lots"]
    equal((len(answer), len(answer[0]["wafers"]), answer[0]["yield"]["parts"], answer[0]["yield"]["passed"]), (1, 1, *wanted), "a wafer and its retest from two files, in any order")

# Statistics.
number = 1000
values = [(part, value) for part, value, flag, parm in stdf.results(data, number) if not flag & 0x3f and not parm & 7 and math.isfinite(value)]
answer = xinlian("stdf", "test", number, lot, "--retest", "all", "--json").json["lots"][0]["tests"][0]
s, v = answer["populations"]["all"], [x for _, x in values]
equal(s["n"], len(v), "n of a test")
ok(math.isclose(s["mean"], statistics.fmean(v), rel_tol=1e-12) and math.isclose(s["sd"], statistics.stdev(v), rel_tol=1e-9) and s["minimum"] == min(v) and s["maximum"] == max(v)
   and s["median"] == statistics.median(v), "mean, sd, min, max, median", s, statistics.fmean(v), statistics.stdev(v))
equal(sum(answer["histogram"]["counts"]) + answer["histogram"]["below"] + answer["histogram"]["above"], len(v), "the histogram counts every value")
low, high = answer["limits"]["low"], answer["limits"]["high"]
cpk = [x for x in ((high - s["mean"]) / 3 / s["sd"] if high is not None else None, (s["mean"] - low) / 3 / s["sd"] if low is not None else None) if x is not None]
ok(s["ppk"] is None and not cpk or math.isclose(s["ppk"], min(cpk), rel_tol=1e-6), "Ppk", s["ppk"], cpk)
names = [t["name"] for t in xinlian("stdf", "tests", lot, "--json", "--sort", "name").json["lots"][0]["tests"]]
equal(names, sorted(names), "--sort name")
fails = [t["statistics"]["fails"] for t in xinlian("stdf", "tests", lot, "--json").json["lots"][0]["tests"]]
equal(fails, sorted(fails, reverse=True), "the worst stands first")
text = xinlian("stdf", "test", number, lot).out
ok("Histogram" in text and "limits:" in text and "█" in text, "the text has limits and a histogram")
equal(xinlian("stdf", "test", "31337", lot).code, 1, "a test that is not there: exit 1")

# Parts.
parts = xinlian("stdf", "parts", lot, "--population", "all", "-s", "order", "--json").json["lots"][0]["parts"]
key = lambda r: (r["wafer"], r["x"], r["y"], r["site"], r["hard"], r["passed"], r["id"])
equal(sorted((p["wafer"], p["x"], p["y"], p["site"], p["hard_bin"], p["passed"], p["part"]) for p in parts), sorted(map(key, runs)), "every part run stands in --population all")
flags = [p["passed"] for p in xinlian("stdf", "parts", lot, "--json").json["lots"][0]["parts"]]
equal(flags, sorted(flags), "failing parts first")
shown = xinlian("stdf", "parts", lot, "-c", "part,x,y,t1000", "-s", "order", "-n", "3").out
ok("1000" in shown and "and %s more" % (len(chosen("last")[0]) - 3) in shown, "columns and -n", shown)
equal(xinlian("stdf", "parts", lot, "-c", "part,nothing").code, 2, "a column that is not there: exit 2")
details = xinlian("stdf", "parts", simulated("scan.stdf", "--wafers", "1", "--parts", "60", "--seed", "2", "--yield", "0.5"), "--failing", "--details", "-n", "30").out
ok("MPR" in details and "FTR" in details and "STR" in details and "cycle" in details, "--details reads pins, vectors and scan fails again", details[:800])

# Records.
answer = json.loads(xinlian("stdf", "records", lot, "--count", "--json").raw)
equal(answer["counts"], stdf.counts(data), "records by type")
lines = [json.loads(l) for l in xinlian("stdf", "records", lot, "-t", "PRR", "--json").raw.split(b"\n") if l]
equal([(l["offset"], l["fields"]["X_COORD"], l["fields"]["HARD_BIN"]) for l in lines], [(r["offset"], r["x"], r["hard"]) for r in runs], "PRRs with their offsets")
some = runs[len(runs) // 2]["offset"]
equal(len([l for l in xinlian("stdf", "records", lot, "--offset", "%d-%d" % (some, some + 1)).out.split("\n") if l]), 1, "--offset finds the record")
equal(xinlian("stdf", "records", lot, "-t", "XYZ").code, 2, "a type that is not there: exit 2")

# The wide and the long CSV, read by Python's csv.
for shape in ("csv", "csv-wide"):
    for excel in ([], ["--excel"]):
        file = path("out.csv")
        answer = xinlian("stdf", "convert", lot, "--to", shape, "-o", file, "--force", *excel)
        raw = open(file, "rb").read()
        ok(answer.code == 0 and raw.startswith(b"\xef\xbb\xbf") == bool(excel) and (b"\r\n" in raw) == bool(excel), "%s %s" % (shape, " ".join(excel)), answer.err)
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
        head, body = rows[0], [r for r in rows[1:] if not r[0].startswith("#")]
        ok(all(len(r) == len(head) for r in rows), "every row has as many cells as the first")
        f32 = lambda x: struct.unpack("<f", struct.pack("<f", x))[0]
        if shape == "csv":
            got = sorted((int(r[head.index("ordinal")]), f32(float(r[head.index("value")]))) for r in body if r[head.index("number")] == str(number) and r[head.index("kind")] == "PTR" and r[head.index("excluded")] == "0")
        else:
            column = [i for i, n in enumerate(head) if n.startswith("P%d_" % number)][0]
            got = sorted((int(r[0]), f32(float(r[column]))) for r in body if r[column])
            equal(sum(1 for r in body), len(runs), "one row a part run")
        equal(got, sorted(values), "values of a test in %s" % shape)
def told(file):
    document = xinlian("stdf", "tests", file, "--json").json["lots"]
    return [(t["kind"], t["number"], t["name"], t["limits"], t["statistics"]) for l in document for t in l["tests"]]
equal(told(file), told(lot), "a wide CSV is read back, and says the same")
answer = xinlian("stdf", "convert", lot, "--to", "csv-wide", "-o", file)
ok(answer.code == 1 and "--force" in answer.err, "a file that is there is not replaced", answer.err)
equal(xinlian("stdf", "convert", lot, "-o", path("what.ever")).code, 2, "into what? exit 2")
kept = xinlian("stdf", "convert", lot, "--to", "csv-wide", "--site", "2", "--population", "chosen").out
equal(len([l for l in kept.split("\n") if l[:1].isdigit()]), sum(r["site"] == 2 for d in chosen("last")[1].values() for r in [([x for x in d if x["site"] == 2] or [dict(site=0)])[-1]]),
      "CSV of one site's chosen runs")

# Damage.
broken = simulated("broken.stdf", "--wafers", "2", "--parts", "150", "--tests", "20", "--seed", "11", "--break", "zeros,length,cut")
answer = xinlian("stdf", "check", broken)
ok(answer.code == 1 and "has defects" in answer.out and "byte" in answer.out, "check of a damaged file: exit 1", answer.out)
equal(xinlian("stdf", "check", lot).code, 0, "check of a sound one: exit 0")
answer = xinlian("stdf", "summary", broken)
ok(answer.code == 0 and "skipped" in answer.out and "Yield" in answer.out, "a damaged file still gives a summary, and says what was skipped", answer.out[-1500:])
answer = xinlian("stdf", "summary", lot, "--explain")
ok("Rules that decided these figures" in answer.out and "replaced" in answer.out, "--explain", answer.out[-1500:])

# The store.
store = path("store")
first = xinlian("stdf", "import", lot, other, "--store", store)
again = xinlian("stdf", "import", lot, "--store", store)
ok(first.code == 0 and "new" in first.out and again.code == 0 and "known, nothing to do" in again.out, "import, and again", first.err, again.out)
for name in ("ALPHA", "lot.stdf", json.loads(xinlian("stdf", "import", lot, "--store", store, "--json").raw)["files"][0]["sha256"][:10]):
    stored = xinlian("stdf", "summary", "store:" + name, "--store", store, "--json").json
    raw = xinlian("stdf", "summary", lot, "--json").json
    for l in stored["lots"] + raw["lots"]:
        l["sources"] = None
    equal(stored["lots"], raw["lots"], "a stored lot says the same, by store:" + name[:8])
equal(len(xinlian("stdf", "summary", "store:", "--store", store, "--json").json["lots"]), 2, "store: is everything")
answer = xinlian("stdf", "summary", "store:NOTHING", "--store", store)
ok(answer.code == 1 and "NOTHING" in answer.err, "a lot that is not there: exit 1", answer.err)
answer = xinlian("stdf", "summary", "store:", "--store", path("fresh"))
ok(answer.code == 1 and "import" in answer.err, "an empty store says how to fill it", answer.err)
equal(xinlian("stdf", "summary", "store:ALPHA", "--store", store, "--owner", "somebody").code, 1, "another owner sees nothing")
done()
