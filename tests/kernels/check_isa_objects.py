#!/usr/bin/env python3
"""No object built with its own instruction set flags may offer a symbol that the
linker could choose for code of another file: a weak or unique inline function
compiled for AVX-512 would then run on a CPU without it.

    check_isa_objects.py NM OBJECT...     exit 1 with object and symbol on a violation
"""
import pathlib, subprocess, sys


def main():
    nm, objects = sys.argv[1], [o for o in sys.argv[2:] if pathlib.Path(o).name.startswith("x86_")]
    bad = 0
    for path in objects:
        for line in subprocess.run([nm, "-C", path], check=True, capture_output=True, text=True).stdout.splitlines():
            kind, _, name = line[17:].partition(" ")
            if kind in {"W", "w", "V", "v", "u"}:
                print(f"{pathlib.Path(path).parent.name}/{pathlib.Path(path).name}: {name} could be linked into other code")
                bad += 1
    print(f"{len(objects)} objects, {bad} symbols that other code could use")
    return 1 if bad or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
