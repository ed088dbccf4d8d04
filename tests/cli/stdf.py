"""stdf.py: a reader of STDF that shares no code with ours: header walk, and the few fields that the tests of the command count by."""
import struct

NAMES = {(0, 10): "FAR", (0, 20): "ATR", (0, 30): "VUR", (1, 10): "MIR", (1, 20): "MRR", (1, 30): "PCR", (1, 40): "HBR", (1, 50): "SBR", (1, 60): "PMR", (1, 62): "PGR",
         (1, 63): "PLR", (1, 70): "RDR", (1, 80): "SDR", (1, 90): "PSR", (1, 91): "NMR", (1, 92): "CNR", (1, 93): "SSR", (1, 94): "CDR", (2, 10): "WIR", (2, 20): "WRR",
         (2, 30): "WCR", (5, 10): "PIR", (5, 20): "PRR", (10, 30): "TSR", (15, 10): "PTR", (15, 15): "MPR", (15, 20): "FTR", (15, 30): "STR", (20, 10): "BPS", (20, 20): "EPS",
         (50, 10): "GDR", (50, 30): "DTR"}


def order(data):
    return ">" if data[:2] == b"\x00\x02" else "<"


def records(data):
    """(offset, name, bytes) of every record."""
    at, o = 0, order(data)
    while at + 4 <= len(data):
        length, typ, sub = struct.unpack_from(o + "HBB", data, at)
        yield at, NAMES.get((typ, sub), "%d.%d" % (typ, sub)), data[at + 4:at + 4 + length]
        at += 4 + length


def counts(data):
    found = {}
    for _, name, _ in records(data):
        found[name] = found.get(name, 0) + 1
    return found


def parts(data):
    """Part runs in the order of PRR: dicts with wafer, head, site, flags, hard, soft, x, y, id."""
    o, wafer, runs = order(data), "", []
    for offset, name, r in records(data):
        if name == "WIR":
            wafer = r[7:7 + r[6]].decode()
        elif name == "PRR":
            head, site, flags, tests, hard, soft, x, y, ms = struct.unpack_from(o + "BBBHHHhhI", r)
            runs.append(dict(wafer=wafer, head=head, site=site, flags=flags, tests=tests, hard=hard, soft=soft, x=x, y=y, ms=ms, id=r[18:18 + r[17]].decode("latin-1") if len(r) > 17 else "",
                             passed=not flags & 8, offset=offset))
    return runs


def results(data, wanted):
    """(part run index, value, flags) of every PTR of that number, in order; parts are numbered in the order of PRR."""
    o, found, pending, done = order(data), [], {}, 0
    for _, name, r in records(data):
        if name == "PIR":
            pending[(r[0], r[1])] = []
        elif name == "PTR":
            number, head, site, test_flag, parm_flag, value = struct.unpack_from(o + "IBBBBf", r)
            if number == wanted:
                pending.setdefault((head, site), []).append((value, test_flag, parm_flag))
        elif name == "PRR":
            found += [(done, *x) for x in pending.pop((r[0], r[1]), [])]
            done += 1
    return found
