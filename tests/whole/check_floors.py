#!/usr/bin/env python3
"""The floors of the README, checked: no include goes upward or sideways, and each
third-party library is included by exactly one file.

    check_floors.py ROOT              checks the tree, exit 1 with file:line on a violation
    check_floors.py ROOT --self-test  plants violations in a copy and expects to catch each
"""
import pathlib, re, shutil, sys, tempfile

MAY_INCLUDE = {  # room -> rooms it may look at, itself included
    "include": {"include"},
    "schedules": {"include", "schedules"},
    "kernels": {"include", "kernels"},
    "planner": {"include", "schedules", "planner"},
    "runtime": {"include", "schedules", "kernels", "runtime"},
    "tools": {"include", "schedules", "kernels", "planner", "runtime", "tools"},
    "tests": {"include", "schedules", "kernels", "planner", "runtime", "tools", "tests", "perf"},
    "perf": {"include", "schedules", "kernels", "planner", "runtime", "tools", "perf"},
}
# Doors inside a room that a room or folder must not use: what judges a schedule shares no eye with what makes it.
CLOSED = [("planner", "schedules/verify/"), ("planner", "schedules/order/"), ("runtime", "schedules/yaml/"),
          ("runtime", "schedules/text/"), ("planner/phase", "planner/phase_checker/")]
# What a folder may include and nothing else: a judge that must not know whom it judges.
ALONE = {"planner/phase_checker": ("rondo/", "schedules/json/", "planner/phase_checker/")}
DOORS = {  # include prefix -> the one file that may use it; of oneTBB one for replays, one for searches
    "yaml-cpp/": "schedules/yaml/document.cc",
    "CLI/": "tools/command_line/parse_arguments.cc",
    "nlohmann/": "schedules/json/json.cc",
    "tbb/": "runtime/tbb/tbb_executor.cc tools/search_threads.cc",
    "coin/": "planner/phase/milp/solve_cbc.cc",
    "interfaces/highs": "planner/phase/milp/solve_highs.cc",
    "oneapi/": "runtime/tbb/tbb_executor.cc",
}
FREE_ROOMS = {"tests", "perf"}  # GoogleTest, Google Benchmark and peers to measure against
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(include):
    top = include.split("/")[0]
    return "include" if top == "rondo" else top if top in MAY_INCLUDE else None


def violations(root):
    for room in MAY_INCLUDE:
        for path in sorted((root / room).rglob("*")):
            if path.suffix not in {".h", ".cc", ".inc", ".c", ".in"}:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                target, where = match[2], f"{path.relative_to(root)}:{number}"
                seen = room_of(target)
                if seen and seen not in MAY_INCLUDE[room]:
                    yield f"{where}: {room}/ may not include {seen}/ ({target})"
                for closed, prefix in CLOSED:
                    if where.startswith(closed + "/") and target.startswith(prefix):
                        yield f"{where}: {closed}/ may not use {prefix} ({target})"
                for folder, known in ALONE.items():
                    if where.startswith(folder + "/") and match[1] == '"' and not target.startswith(known):
                        yield f"{where}: {folder}/ may include {', '.join(known)} alone ({target})"
                if match[1] == '"' and not seen and not (path.parent / target).exists():
                    yield f'{where}: "{target}" is not written from the root of the tree'
                for prefix, door in DOORS.items():
                    if target.startswith(prefix) and room not in FREE_ROOMS and str(path.relative_to(root)) not in door.split():
                        yield f"{where}: <{target}> belongs in {door or 'no file yet'} alone"


def self_test(root):
    planted = {
        "planner/planted.cc": '#include "runtime/planted.h"\n',
        "schedules/planted.cc": '#include "kernels/kernel.h"\n',
        "kernels/planted.cc": '#include "schedules/builder/builder.h"\n',
        "include/rondo/planted.h": '#include "schedules/builder/builder.h"\n',
        "planner/planted2.cc": '#include "schedules/verify/planted.h"\n',
        "planner/planted3.cc": "#include <yaml-cpp/yaml.h>\n",
        "planner/planted4.cc": "#include <tbb/parallel_for.h>\n",
        "planner/phase_checker/planted.cc": '#include "planner/phase/gate_graph.h"\n',
        "planner/phase_checker/planted2.cc": '#include "planner/graph/graph_keys.h"\n',
        "planner/phase/planted.cc": '#include "planner/phase_checker/check.h"\n',
    }
    missed = []
    with tempfile.TemporaryDirectory() as copy:
        copy = pathlib.Path(copy)
        for room in MAY_INCLUDE:
            if (root / room).exists():
                shutil.copytree(root / room, copy / room)
        for file, text in planted.items():
            (copy / file).write_text(text)
            if not any(found.startswith(file + ":") for found in violations(copy)):
                missed.append(file)
            (copy / file).unlink()
    return missed


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    if "--self-test" in sys.argv:
        missed = self_test(root)
        print("\n".join(f"not caught: {file}" for file in missed) or "every planted include is caught")
        return 1 if missed else 0
    found = list(violations(root))
    print("\n".join(found) or "includes follow the floors")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
