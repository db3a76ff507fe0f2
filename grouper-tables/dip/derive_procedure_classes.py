"""Derives procedure-classes.csv from tables of this folder's parent; run it beside them.

A procedure of the code set gets the class of the first line that fits:

1. Chapters 87 to 92 but for therapeutic radiology (92.2 to 92.4), and the diagnostic rubrics of
   chapters 93 to 95, of ICD-9-CM-3: diagnostic. Other procedures of chapters 87 to 99: therapeutic.
2. An ADRG of kind procedure asks for it as the main procedure: interventional where it is of the
   cardiovascular chapters 00 and 35 to 39 and its name speaks of a way through a vessel, diagnostic
   where it speaks of a biopsy or examination, therapeutic elsewhere.
3. An ADRG of kind surgical asks for it as the main procedure: surgery.
4. Its name speaks of a biopsy or examination: diagnostic.
5. Otherwise: therapeutic.

The classes are written with as few beginnings of codes as say the same of every code of the set.
"""

import csv
import pathlib
import re

HERE = pathlib.Path(__file__).parent
PLAN = HERE.parent / "chs-drg-1.1"
CODES = HERE.parent / "code-sets" / "insurance-2.0" / "procedures.csv"
DIAGNOSTIC = ("87", "88", "89", "90", "91", "92", "93.0", "94.0", "94.1", "95.0", "95.1", "95.2",
              "95.4")
RADIOTHERAPY = ("92.2", "92.3", "92.4")
EXAMINES = re.compile("活检|活组织检查|检查|诊断性|造影|测定|监测")
THROUGH_VESSEL = re.compile("经皮|血管内|导管|支架|栓塞|球囊|消融")
LAST_OF_OPERATIONS = "86"
CARDIOVASCULAR = {"00", "35", "36", "37", "38", "39"}
ASKS = re.compile(r"main_op in ([^\s()]+)")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def codes_by_kind():
    lists, kinds, kind_of = {}, {}, {}
    for path in sorted((PLAN / "lists").glob("*.csv")):
        for row in rows(path):
            lists.setdefault(row["list"], set()).add(row["code"])
    for row in rows(PLAN / "adrg.csv"):
        kind_of[row["adrg"]] = row["kind"]
        kinds.setdefault(row["kind"], set()).update(ASKS.findall(row["rule"]))
    for row in rows(PLAN / "drg.csv"):
        kinds.setdefault(kind_of[row["adrg"]], set()).update(ASKS.findall(row["rule"]))
    return {kind: set().union(*(lists.get(name, set()) for name in names))
            for kind, names in kinds.items()}


def class_of(code, name, kinds):
    examines = EXAMINES.search(name)
    if code[:2] > LAST_OF_OPERATIONS:
        is_diagnostic = code.startswith(DIAGNOSTIC) and not code.startswith(RADIOTHERAPY)
        return "diagnostic" if is_diagnostic else "therapeutic"
    if code in kinds["procedure"]:
        if code[:2] in CARDIOVASCULAR and THROUGH_VESSEL.search(name):
            return "interventional"
        return "diagnostic" if examines else "therapeutic"
    if code in kinds["surgical"]:
        return "surgery"
    return "diagnostic" if examines else "therapeutic"


def fewest(codes):
    """The fewest beginnings of which the longest gives each code its class."""
    labels = sorted(set(codes.values()))
    ordered = sorted(codes)

    def solve(low, high, begin):
        """By the class that holds above, the rows that are needed here."""
        own = codes.get(begin)
        ends = {}
        at = low + (own is not None)
        while at < high:
            letter = ordered[at][len(begin)]
            until = at
            while until < high and ordered[until][len(begin)] == letter:
                until += 1
            ends[letter] = solve(at, until, begin + letter)
            at = until
        inside = {label: sum((below[label] for below in ends.values()), [])
                  for label in labels if own in (None, label)}
        best = {}
        for above in [None, *labels]:
            options = [[(begin, label), *inner] for label, inner in inside.items()
                       if begin and label != above]
            if above in inside:
                options.append(inside[above])
            elif own is None and above is None:
                options.append(sum((below[None] for below in ends.values()), []))
            best[above] = min(options, key=lambda rows: (len(rows), rows))
        return best

    return solve(0, len(ordered), "")[None]


def main():
    kinds = codes_by_kind()
    codes = {row["code"]: class_of(row["code"], row["name"], kinds) for row in rows(CODES)}
    found = dict(fewest(codes))
    for code, expected in codes.items():
        begins = [code[:end] for end in range(1, len(code) + 1) if code[:end] in found]
        assert found[begins[-1]] == expected, code
    lines = [f"{begin},{label}\n" for begin, label in sorted(found.items())]
    (HERE / "procedure-classes.csv").write_text("code,class\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
