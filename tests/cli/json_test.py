#!/usr/bin/python3
# json_test.py: every command's JSON fits its published shape, on sound, damaged and odd files. (sanitized too)
import glob, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import *
try:
    import jsonschema
except ImportError:
    skip("JSON fits its shapes", "python3-jsonschema is not installed")
    done()

SCHEMAS = {os.path.basename(f).split(".")[0]: json.load(open(f, encoding="utf-8")) for f in glob.glob("docs/schema/*.schema.json")}
store = {s["$id"]: s for s in SCHEMAS.values()}
for name, schema in sorted(SCHEMAS.items()):
    jsonschema.Draft202012Validator.check_schema(schema)


def fits(document, name, what):
    resolver = jsonschema.RefResolver(SCHEMAS[name]["$id"], SCHEMAS[name], store=store)
    errors = list(jsonschema.Draft202012Validator(SCHEMAS[name], resolver=resolver).iter_errors(document))
    return ok(not errors, what, *["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:200]) for e in errors[:5]])


def commands(file, label, bad=False):
    for command in ("summary", "tests", "parts", "check", "map"):
        answer = xinlian("stdf", command, file, "--json")
        try:
            document = answer.json
        except ValueError:
            if bad and not answer.raw and answer.code == 1:
                continue
            ok(False, "%s of %s is JSON" % (command, label), answer.raw[:300], answer.err[:300])
            continue
        fits(document, command, "%s of %s" % (command, label))
        if command == "map" and not bad:
            ok(document["maps"] and all(len(m["map"]["values"]) == m["map"]["rows"] for m in document["maps"]), "map of %s has its rows" % label)
    records = xinlian("stdf", "records", file, "--json", "-n", "3000")
    lines = [json.loads(line) for line in records.raw.split(b"\n") if line]
    errors = 0
    resolver = jsonschema.RefResolver(SCHEMAS["records"]["$id"], SCHEMAS["records"], store=store)
    validator = jsonschema.Draft202012Validator(SCHEMAS["records"], resolver=resolver)
    for line in lines:
        errors += not validator.is_valid(line)
    ok(not errors and (lines or bad), "records of " + label, errors)


lot = simulated("lot.stdf", "--wafers", "2", "--parts", "80", "--tests", "12", "--every-record", "--seed", "5")
commands(lot, "a lot")
commands(simulated("broken.stdf", "--wafers", "2", "--parts", "80", "--tests", "12", "--break", "zeros,length,cut,orphans,counts,text,flags,padding", "--seed", "6"), "a damaged lot", True)
commands(simulated("final.stdf", "--wafers", "0", "--parts", "50", "--tests", "5", "--seed", "7"), "a final-test lot", True)
for command, words in (("summary", ["--retest", "first", "--site", "1", "--lot", "OTHER", "--pass-bins", "1,2", "--rotate", "90", "--mirror"]),
                       ("summary", ["--where", "x > 1000"]), ("tests", ["--population", "passing"]), ("parts", ["-c", "part,t1000", "--population", "all"])):
    fits(xinlian("stdf", command, lot, "--json", *words).json, command, "%s %s" % (command, " ".join(words)))
fits(xinlian("stdf", "test", "1000", lot, "--json").json, "test", "test 1000")
fits(json.loads(xinlian("stdf", "records", lot, "--count", "--json").raw), "records", "records --count")
fits(xinlian("stdf", "convert", lot, "--to", "json").json, "tables", "convert --to json")
fits(xinlian("stdf", "import", lot, "--store", path("store"), "--json").json, "import", "import")
fits(xinlian("stdf", "summary", "store:", "--store", path("store"), "--json").json, "summary", "summary of the store")
fits(xinlian("stdf", "simulate", "-o", path("r.stdf"), "--json").json, "output", "receipt of simulate")
fits(xinlian("stdf", "convert", lot, "-o", path("r.csv"), "--json").json, "output", "receipt of convert")
fits(xinlian("stdf", "report", lot, "-o", path("r.html"), "--json").json, "report", "receipt of report")
open(path("text.txt"), "w").write("no test data\n")
answer = xinlian("stdf", "check", path("text.txt"), lot, "--json")
fits(answer.json, "check", "check of a text file")
equal((answer.code, [f["readable"] for f in answer.json["files"]]), (1, [False, True]), "and says which is readable")
if os.path.isdir(DATA):
    for file in sorted(glob.glob(DATA + "/bad/*")) + sorted(glob.glob(DATA + "/special/*")) + sorted(glob.glob(DATA + "/*.st*")):
        commands(file, os.path.basename(file), True)
else:
    skip("JSON of real files", "no folder " + DATA)
done()
