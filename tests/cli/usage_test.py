#!/usr/bin/python3
# usage_test.py: how the command is called: help, exit codes, languages, colours, completions, manual pages. (sanitized too)
import glob, os, re, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import *

COMMANDS = ["summary", "tests", "test", "parts", "map", "report", "records", "check", "convert", "merge", "simulate", "import"]
lot = simulated("small.stdf", "--wafers", "1", "--parts", "60", "--tests", "8", "--seed", "3")

answer = xinlian("--version")
ok(answer.code == 0 and re.fullmatch(r"xinlian \d+\.\d+\.\d+\n", answer.out), "--version", answer.out)
equal(xinlian().code, 2, "no command: exit 2")
equal(xinlian("stdf").code, 2, "half a command: exit 2")
equal(xinlian("help").code, 0, "help: exit 0")
equal(xinlian("stdf", "--help").code, 0, "stdf --help: exit 0")
answer = xinlian("stdf", "sumary", lot)
ok(answer.code == 2 and "stdf sumary" in answer.err and not answer.out, "an unknown command is named", answer.err)
for command in COMMANDS:
    answer = xinlian("stdf", command, "--help")
    ok(answer.code == 0 and "Examples" in answer.out and "xinlian stdf " + command in answer.out, command + " --help has examples", answer.err)
    equal(xinlian("stdf", command, "--nonsense").code, 2, command + " with an unknown option: exit 2")
    chinese = xinlian("stdf", command, "--help", "--lang", "zh_CN").out
    ok("示例" in chinese and re.search("[\u4e00-\u9fff]{4}", chinese), command + " --help in Chinese")
    if command != "simulate":
        answer = xinlian("stdf", command)
        ok(answer.code == 2 and "--help" in answer.err, command + " without a file: exit 2, and where help is", answer.err)
        answer = xinlian("stdf", command, *(["1"] if command == "test" else []), "/nowhere/at.all", *(["-o", path("x.stdf")] if command in ("convert", "merge") else []))
        ok(answer.code == 1 and "/nowhere/at.all" in answer.err and "STUB" not in answer.err, command + " of a file that is not there: exit 1", answer.err)

# Options in all their forms.
usual = xinlian("stdf", "tests", lot, "--most", "2").raw
for words in (["--most=2"], ["-n", "2"], ["-n2"], ["--", lot]):
    answer = xinlian("stdf", "tests", *([lot] if "--" not in words else ["-n2"]), *words)
    ok(answer.raw == usual, "tests " + " ".join(words[:1]), answer.err)
for words, says in ((["--most"], "--most"), (["--most", "x"], "whole number"), (["--sort", "up"], "worst, cpk"), (["--json=1"], "takes no value"),
                    (["--bin", "5-3"], "3,5,10-12"), (["--where", "x >"], ""), (["--where", "t99 > 1"], ""), (["-z"], "-z")):
    answer = xinlian("stdf", "tests", lot, *words)
    ok(answer.code == 2 and says in answer.err and not answer.out, "tests %s: exit 2" % " ".join(words), answer.code, answer.err)

# Languages.
for environment, chinese in (({"LC_ALL": "zh_CN.UTF-8"}, True), ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, True), ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_US"}, True),
                             ({"LC_ALL": "C", "LANG": "zh_CN"}, False), ({"LC_ALL": "de_DE"}, False)):
    ok(("良率" in xinlian("stdf", "summary", lot, **environment).out) == chinese, "language by %s" % environment)
equal("良率" in xinlian("stdf", "summary", lot, "--lang", "en", LC_ALL="zh_CN.UTF-8").out, False, "--lang beats the environment")
ok("機" in xinlian("stdf", "summary", lot, "--lang", "zh_TW").out, "traditional characters for zh_TW")
answer = xinlian("stdf", "tests", lot, "--most", "x", "--lang", "zh_CN")
ok(re.search("[\u4e00-\u9fff]", answer.err), "complaints about usage are in the language too", answer.err)

# Colours.
equal(b"\033" in xinlian("stdf", "summary", lot).raw, False, "no colours where output is no terminal")
equal(b"\033[" in xinlian("stdf", "summary", lot, "--color", "always").raw, True, "--color always")
try:
    import pty
    def on_terminal(*words, **environment):
        parent, child = pty.openpty()
        env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment}
        process = subprocess.Popen([XINLIAN, *words], stdout=child, stderr=child, env=env)
        os.close(child)
        out = b""
        while True:
            try:
                more = os.read(parent, 65536)
            except OSError:
                break
            if not more:
                break
            out += more
        process.wait()
        os.close(parent)
        return out
    ok(b"\033[" in on_terminal("stdf", "summary", lot, NO_COLOR=""), "colours on a terminal")
    ok(b"\033[" not in on_terminal("stdf", "summary", lot, NO_COLOR="1"), "NO_COLOR is heard")
    ok(b"\033[" not in on_terminal("stdf", "summary", lot, "--color", "never", NO_COLOR=""), "--color never")
    ok(b"\033[" not in on_terminal("stdf", "summary", lot, TERM="dumb", NO_COLOR=""), "no colours on a dumb terminal")
    import unicodedata
    wide = lambda text: sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    for language in ("en", "zh_CN"):
        lines = re.sub(r"\033\[[0-9;]*m", "", on_terminal("stdf", "tests", lot, "--lang", language, COLUMNS="80").decode()).replace("\r", "").split("\n")
        table = [l for l in lines if re.match(r" +\d+ ", l)]
        ok(table and max(map(wide, table)) <= 80, "a table keeps near a terminal's width in " + language, max(map(wide, table or [""])))
    answer = on_terminal("stdf", "simulate", "-o", "-")
    ok(b"terminal" in answer and len(answer) < 2000, "binary is not thrown at a terminal", answer[:200])
except (ImportError, OSError):  # a machine without pseudo-terminals
    skip("colours on a terminal", "no pty")

# What comes out of the one table.
bash = xinlian("help", "--completion", "bash").out
open(path("c.bash"), "w").write(bash)
def completed(line):
    words = line.split(" ")
    script = "source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _xinlian 2>/dev/null; echo \"${COMPREPLY[*]}\"" % (path("c.bash"), " ".join("'%s'" % w for w in words), len(words) - 1)
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True).stdout.split()
ok("summary" in completed("xinlian stdf s") and "simulate" in completed("xinlian stdf s") and "map" not in completed("xinlian stdf s"), "bash completes commands", completed("xinlian stdf s"))
equal(completed("xinlian stdf summary --retest l"), ["last"], "bash completes choices")
ok("--retest-by" in completed("xinlian stdf summary --re"), "bash completes options")
import shutil
zsh = xinlian("help", "--completion", "zsh").out
open(path("_xinlian"), "w").write(zsh)
if shutil.which("zsh"):
    equal(subprocess.run(["zsh", "-n", path("_xinlian")]).returncode, 0, "zsh takes its completions")
else:
    skip("zsh takes its completions", "no zsh here")
os.makedirs(path("man"), exist_ok=True)
for language in ("en", "zh_CN"):
    equal(xinlian("help", "--man-pages", path("man"), "--lang", language).code, 0, "manual pages in " + language)
    pages = sorted(os.path.basename(p) for p in glob.glob(path("man/*.1")))
    equal(pages, sorted(["xinlian.1", "xinlian-help.1"] + ["xinlian-stdf-%s.1" % c for c in COMMANDS]), "every command has its page in " + language)
    if shutil.which("groff"):
        for page in pages:
            ran = subprocess.run(["groff", "-Tutf8", "-K", "utf8", "-man", "-ww", "-z", path("man/" + page)], capture_output=True, text=True)
            complaints = [l for l in ran.stderr.split("\n") if l and "can't find special character" not in l and "break" not in l and "adjust" not in l]
            ok(not complaints, "groff takes %s in %s" % (page, language), *complaints)
    else:
        skip("groff takes the pages in " + language, "no groff here")
ok(all("'\\-\\-%s" % o or True for o in ()) and "\\-\\-retest\\-by" in open(path("man/xinlian-stdf-summary.1"), encoding="utf-8").read(), "options stand in the manual")
done()
