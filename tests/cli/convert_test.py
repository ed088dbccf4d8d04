#!/usr/bin/python3
# convert_test.py: files in another form, or some of their parts: byte for byte, filtered, ATDF and back, JSON, out of the store. (sanitized too)
import gzip, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import *
import stdf

lot = simulated("lot.stdf", "--wafers", "2", "--parts", "120", "--tests", "10", "--seed", "21", "--yield", "0.8", "--retest", "0.5", "--every-record")
data = open(lot, "rb").read()
runs = stdf.parts(data)

# Byte for byte.
for name, settings in (("plain", []), ("big", ["--big-endian"]), ("padded", ["--break", "padding,text,flags"]), ("broken", ["--break", "zeros,length,orphans,counts,cut"])):
    file = simulated(name + ".stdf", "--wafers", "1", "--parts", "80", "--tests", "6", "--seed", "22", *settings)
    equal(xinlian("stdf", "convert", file, "--to", "stdf").raw, open(file, "rb").read(), "STDF to STDF passes every byte: " + name)
open(path("packed.gz"), "wb").write(gzip.compress(data))
equal(xinlian("stdf", "convert", path("packed.gz"), "--to", "stdf").raw, data, "and out of gzip")
equal(xinlian("stdf", "convert", "-", "--to", "stdf", stdin=data).raw, data, "and from standard input")
xinlian("stdf", "import", path("packed.gz"), "--store", path("store"))
equal(xinlian("stdf", "convert", "store:packed.gz", "--store", path("store"), "--to", "stdf").raw, data, "and out of the store")

# Filtered: what is left is exactly the wanted parts, and the tester's own counts are made anew.
key = lambda r: (r["wafer"], r["head"], r["site"], r["hard"], r["soft"], r["x"], r["y"], r["id"], r["flags"])
for words, keep in ((["--site", "2"], lambda r: r["site"] == 2), (["--bin", "1"], lambda r: r["hard"] == 1), (["--where", "not passed"], lambda r: not r["passed"]),
                    (["--where", "x > 0", "--site", "1"], lambda r: r["x"] > 0 and r["site"] == 1)):
    file = path("some.stdf")
    answer = xinlian("stdf", "convert", lot, "-o", file, "--force", *words)
    kept = stdf.parts(open(file, "rb").read())
    equal([key(r) for r in kept], [key(r) for r in runs if keep(r)], "filtered STDF by " + " ".join(words))
    equal(xinlian("stdf", "check", file).code, 0, "it is sound")
    equal(xinlian("stdf", "summary", file, "--json").json["lots"][0]["disagreements"], [], "and its counts agree")
    audit = json.loads(xinlian("stdf", "records", file, "-t", "ATR", "-n", "1", "--json").raw)["fields"]
    ok(audit["MOD_TIM"] == 1700000000 and " ".join(words[:1]) in audit["CMD_LINE"], "an ATR tells of it", audit)
last = {}
for run in runs:
    last[(run["wafer"], run["x"], run["y"])] = run
answer = xinlian("stdf", "convert", lot, "-o", path("chosen.stdf"), "--population", "chosen")
equal(sorted(map(key, stdf.parts(open(path("chosen.stdf"), "rb").read()))), sorted(map(key, last.values())), "--population chosen: the runs that count")
only = xinlian("stdf", "convert", lot, "--to", "stdf", "--test", "1000-1001").raw
equal(sorted({v for v in (r[0:4] for _, n, r in stdf.records(only) if n == "PTR")}), sorted((n).to_bytes(4, "little") for n in (1000, 1001)), "--test keeps these tests")
equal(len(stdf.parts(only)), len(runs), "and all parts")

# ATDF and back.
plain = simulated("atdf.stdf", "--wafers", "1", "--parts", "50", "--tests", "6", "--scan", "0", "--seed", "23")
answer = xinlian("stdf", "convert", plain, "-o", path("a.atdf"))
text = open(path("a.atdf"), encoding="utf-8").read()
ok(answer.code == 0 and text.startswith("FAR:A|4|") and text.count("\nPRR:") == len(stdf.parts(open(plain, "rb").read())), "ATDF has every part", answer.err, text[:200])
equal(xinlian("stdf", "convert", path("a.atdf"), "-o", path("b.stdf")).code, 0, "and back")
def figures(file):
    document = xinlian("stdf", "tests", file, "--json").json["lots"]
    for l in document:
        l["sources"] = None
    return document
equal(figures(path("b.stdf")), figures(plain), "the statistics are the same")
equal(figures(path("a.atdf")), figures(plain), "of the ATDF itself, too")
answer = xinlian("stdf", "records", path("a.atdf"), "--count", "--json")
ok(json.loads(answer.raw)["counts"]["PTR"] == stdf.counts(open(plain, "rb").read())["PTR"], "records of ATDF")
filtered = xinlian("stdf", "convert", plain, "--to", "atdf", "--site", "1").out
equal(filtered.count("\nPRR:"), sum(r["site"] == 1 for r in stdf.parts(open(plain, "rb").read())), "filtered ATDF")

# JSON whole.
tables = xinlian("stdf", "convert", plain, "--to", "json").json["tables"]
equal([(p["x"], p["y"], p["hard_bin"]) for t in tables for p in t["parts"]], [(r["x"], r["y"], r["hard"]) for r in stdf.parts(open(plain, "rb").read())], "JSON has every part")
ok(all(len(p["results"]) == len(t["columns"]) for t in tables for p in t["parts"]), "and a place for every result")

# Several files.
os.makedirs(path("in"), exist_ok=True)
os.makedirs(path("out"), exist_ok=True)
for n in (1, 2):
    open(path("in/%d.stdf.gz" % n), "wb").write(gzip.compress(open(plain, "rb").read()))
answer = xinlian("stdf", "convert", path("in"), "--to", "atdf")
ok(answer.code == 2 and "-o FOLDER/" in answer.err, "several files need a folder", answer.err)
answer = xinlian("stdf", "convert", path("in"), "--to", "atdf", "-o", path("out"))
equal((answer.code, sorted(os.listdir(path("out")))), (0, ["1.atdf", "2.atdf"]), "and get names in it")
rows = xinlian("stdf", "convert", path("in"), "--to", "csv-wide").out.split("\n")
equal(sum(r[:1].isdigit() for r in rows), 2 * len(stdf.parts(open(plain, "rb").read())), "CSV puts them into one")

# What fails leaves nothing behind.
before = set(os.listdir(TMP))
answer = xinlian("stdf", "convert", path("in/1.stdf.gz"), "-o", path("nowhere/x.stdf"))
ok(answer.code == 1 and "nowhere" in answer.err, "a folder that is not there: exit 1", answer.err)
answer = xinlian("stdf", "convert", lot, "-o", "/dev/full", "--to", "csv")
ok(answer.code == 1 and "write" in answer.err.lower(), "a full disk: exit 1", answer.code, answer.err)
equal(set(os.listdir(TMP)), before, "nothing is left behind")
answer = xinlian("stdf", "convert", lot, "--to", "stdf", "--lot", "X")
ok(answer.code == 2 and "recorded" in answer.err, "STDF is written as recorded", answer.err)
done()
