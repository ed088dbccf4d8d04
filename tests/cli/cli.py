"""cli.py: what the tests of the command share: running it, counting as TAP, files that they need."""
import json, os, subprocess, sys

XINLIAN = os.environ.get("XINLIAN", "build/src/main/xinlian")
TMP = os.environ.get("TEST_TMP") or __import__("tempfile").mkdtemp()
DATA = os.path.join(os.environ.get("XINLIAN_DATA", "../shared/data"), "stdf")
number = failed = 0


class Answer:
    def __init__(self, code, out, err):
        self.code, self.raw, self.err = code, out, err.decode("utf-8", "strict")

    @property
    def out(self):
        return self.raw.decode("utf-8", "strict")

    @property
    def json(self):
        return json.loads(self.raw)


def xinlian(*words, stdin=b"", **environment):
    env = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_MESSAGES", "NO_COLOR", "XINLIAN_STORE")}
    env.update({"LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "1700000000"}, **environment)
    ran = subprocess.run([XINLIAN, *map(str, words)], input=stdin, capture_output=True, env=env, timeout=300)
    return Answer(ran.returncode, ran.stdout, ran.stderr)


def path(name):
    return os.path.join(TMP, name)


def simulated(name, *settings):
    """A simulated file, made once."""
    file = path(name)
    if not os.path.exists(file):
        made = xinlian("stdf", "simulate", "-o", file, *settings)
        assert made.code == 0, made.err
    return file


def ok(good, name, *details):
    global number, failed
    number += 1
    print("%sok %d - %s" % ("" if good else "not ", number, name))
    if not good:
        failed += 1
        for detail in details:
            for line in str(detail).split("\n")[:30]:
                print("# " + line[:300])
    sys.stdout.flush()
    return good


def equal(got, wanted, name):
    return ok(got == wanted, name, "wanted %r" % (wanted,), "got    %r" % (got,))


def skip(name, why):
    global number
    number += 1
    print("ok %d - %s # SKIP %s" % (number, name, why))


def done():
    print("1..%d" % number)
    sys.exit(1 if failed else 0)
