#!/usr/bin/env python3
"""Two evaluators of the fast-memory scheduling problem, written apart, on the same
random solutions: the same latency to the last digit, or the same rule broken.

    compare_evaluators.py PRINT_VERDICTS SHARED COUNT [SEED]

SHARED holds tools/mlsys_eval.py and data/mlsys/; without them there is nothing to
compare with, and exit code 77 says so.
"""
import collections, importlib.util, json, pathlib, subprocess, sys


def main(program, shared, count, seed="1"):
    shared = pathlib.Path(shared)
    judge = shared / "tools/mlsys_eval.py"
    if not judge.exists():
        print(f"SKIPPED: no {judge}, the evaluator to compare with")
        return 77
    spec = importlib.util.spec_from_file_location("mlsys_eval", judge)
    other = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(other)
    files = sorted(str(path) for path in (shared / "data/mlsys").glob("*.json"))
    lines = subprocess.run([program, seed, count, *files], check=True, capture_output=True, text=True).stdout
    verdicts, differences, problem = collections.Counter(), 0, None
    for line in lines.splitlines():
        ours = json.loads(line)
        if "problem" in ours:
            problem = ours["problem"]
            continue
        rows = []
        try:
            total = other.evaluate(problem, ours["solution"], other.Options(divisible=ours["divisible"]), rows)
            theirs = {"latency": total, "subgraphs": [[r["latency"], r["ws"], r["tiles"], r["nk"]] for r in rows]}
            verdicts["valid"] += 1
        except other.Violation as violation:
            theirs = {"rule": violation.rule}
            verdicts[violation.rule] += 1
        same = {key: ours[key] for key in ("rule", "latency", "subgraphs") if key in ours}
        if same != theirs:
            differences += 1
            if differences <= 5:
                print(f"DIFFERENT\n  problem {json.dumps(problem)}\n  solution {json.dumps(ours)}\n  theirs {theirs}")
    print(f"{sum(verdicts.values())} solutions, {differences} differences:",
          ", ".join(f"{rule} {number}" for rule, number in sorted(verdicts.items())))
    return 1 if differences or not verdicts["valid"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
