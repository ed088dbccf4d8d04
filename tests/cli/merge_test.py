#!/usr/bin/python3
# merge_test.py: several files as one: in any order the same bytes, every part run kept, lots not mixed. (sanitized too)
import itertools, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import *
import stdf

common = ["--wafers", "1", "--parts", "90", "--tests", "8", "--seed", "31", "--retest", "0.6", "--yield", "0.8"]
first, again = simulated("first.stdf", *common, "--pass", "first"), simulated("again.stdf", *common, "--pass", "retest")
other = simulated("other.stdf", "--wafers", "1", "--parts", "30", "--tests", "4", "--seed", "32", "--lot", "OTHER")
equal(xinlian("stdf", "merge", first, again).code, 2, "where to? exit 2")
outputs = []
for number, order in enumerate(itertools.permutations((first, again))):
    file = path("m%d.stdf" % number)
    answer = xinlian("stdf", "merge", *order, "-o", file, "--no-audit")
    ok(answer.code == 0, "merges", answer.err)
    outputs.append(open(file, "rb").read())
equal(outputs[0] == outputs[1], True, "the same bytes in any order")
runs = stdf.parts(open(first, "rb").read()) + stdf.parts(open(again, "rb").read())
equal(len(stdf.parts(outputs[0])), len(runs), "every part run is kept")
yields = [xinlian("stdf", "summary", *files, "--json").json["lots"][0]["yield"] for files in ((first, again), (path("m0.stdf"),))]
equal(yields[1], yields[0], "the yield of the merged file is that of the two")
answer = xinlian("stdf", "merge", first, other, "-o", path("mixed.stdf"))
ok(answer.code == 1 and "OTHER" in answer.err and not os.path.exists(path("mixed.stdf")), "different lots are not mixed", answer.err)
equal(xinlian("stdf", "merge", first, other, "-o", path("mixed.stdf"), "--any-lot").code, 0, "unless one insists")
data = open(again, "rb").read()
equal(xinlian("stdf", "merge", first, "-", "-o", "-", "--no-audit", stdin=data).raw, outputs[0], "one from standard input, to standard output")
answer = xinlian("stdf", "merge", first, again, "-o", path("told.stdf"))
audit = json.loads(xinlian("stdf", "records", path("told.stdf"), "-t", "ATR", "-n", "1", "--json").raw)["fields"]
ok("merge" in audit["CMD_LINE"], "an ATR tells of it", audit)
done()
