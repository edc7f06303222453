#!/usr/bin/env python3
"""The table of docs/phase-results.md, from the CSV files of perf/results/phase.

    phase_results.py ROOT            exit 1 where the page says something else
    phase_results.py ROOT --update   rewrites the block
"""
import csv, pathlib, re, sys

BLOCK = re.compile(r"(<!-- generated: published -->\n).*?(<!-- end -->)", re.S)
COLUMNS = ["graph", "layers", "mode", "method", "slots", "d_model", "heads", "d_ffn", "flops/token", "erasures", "status", "seconds"]


def table(folder):
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|--:|---|---|" + "--:|" * 6 + "---|--:|"]
    for path in sorted(folder.glob("*.csv")):
        for row in csv.DictReader(path.open()):
            row["flops/token"] = row["flops_per_token"]
            row["seconds"] = f"{float(row['seconds']):.3g}"
            lines.append("| " + " | ".join(row[column] or "-" for column in COLUMNS) + " |")
    return "\n".join(lines) + "\n"


def main():
    root = pathlib.Path(sys.argv[1])
    page = root / "docs/phase-results.md"
    text = page.read_text()
    wanted = BLOCK.sub(lambda match: match[1] + table(root / "perf/results/phase") + match[2], text)
    if wanted == text:
        print("docs/phase-results.md agrees with perf/results/phase")
        return 0
    if "--update" in sys.argv:
        page.write_text(wanted)
        return 0
    print("docs/phase-results.md differs from perf/results/phase; to renew: tests/planner/phase/phase_results.py . --update")
    return 1


if __name__ == "__main__":
    sys.exit(main())
