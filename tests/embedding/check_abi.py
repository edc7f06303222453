#!/usr/bin/env python3
"""The C interface only grows: its functions, structs and numbers against a golden list.

    check_abi.py HEADER GOLDEN CC [SHARED_LIBRARY]     compares; exit 1 with what changed
    check_abi.py HEADER GOLDEN CC --update             writes the golden list anew; what is
                                                       gone or another then shows in the diff

One line per function with its prototype, per struct with its size and the offset of
every field, per number. A line may be added, and fields at the end of a struct that
tells its size; anything else breaks hosts that are already compiled. The sizes are
those of the compiler of this build (x86-64).
"""
import pathlib, re, subprocess, sys, tempfile


def words(text):
    return " ".join(text.split())


class Header:
    def __init__(self, path):
        self.path = path
        code = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)
        code = re.sub(r"^[ \t]*#.*?(?<!\\)$", "", re.sub(r"\\\n", " ", code), flags=re.M)
        self.functions = {match[2]: words(match[0].replace("RONDO_API", "").replace("RONDO_NOEXCEPT", "")).rstrip(" ;")
                          for match in re.finditer(r"RONDO_API\b([^;(]*?)\b(rondo_\w+)\(.*?;", code, re.S)}
        self.structs = {match[2]: self.fields(match[1])
                        for match in re.finditer(r"typedef struct \w+ \{(.*?)\}\s*(\w+)\s*;", code, re.S)}
        self.callbacks = {match[1]: words(match[0]) for match in
                          re.finditer(r"typedef [^;{}]*?\(\*\s*(\w+)\s*\)\s*\([^;]*;", code, re.S)}
        self.numbers = [name for body in re.findall(r"enum\s*\{(.*?)\}", code, re.S)
                        for name in re.findall(r"\b(RONDO_\w+)\b", body)]

    @staticmethod
    def fields(body):
        names = []
        for declaration in filter(None, map(words, body.split(";"))):
            pointer = re.search(r"\(\*\s*(\w+)\)", declaration)
            names.append(pointer[1] if pointer else re.search(r"(\w+)\s*(\[\w+\])?$", declaration)[1])
        return names

    def lines(self, cc):
        """The list, as the compiler sees sizes, offsets and values."""
        program = ['#include <stddef.h>', '#include <stdio.h>', '#include "rondo/rondo.h"', "int main(void) {"]
        for struct, fields in self.structs.items():
            offsets = "".join(f" {field}@%zu" for field in fields)
            values = "".join(f", offsetof({struct}, {field})" for field in fields)
            program.append(f'printf("struct {struct} %zu:{offsets}\\n", sizeof({struct}){values});')
        program += [f'printf("number {name} %lld\\n", (long long){name});' for name in self.numbers]
        program += ["return 0;", "}"]
        with tempfile.TemporaryDirectory() as scratch:
            source, binary = pathlib.Path(scratch) / "probe.c", pathlib.Path(scratch) / "probe"
            source.write_text("\n".join(program))
            subprocess.run([cc, "-std=c11", f"-I{self.path.parent.parent}", source, "-o", binary], check=True)
            measured = subprocess.run([binary], check=True, capture_output=True, text=True).stdout.splitlines()
        return [*(f"function {text}" for text in self.functions.values()),
                *(f"callback {text}" for text in self.callbacks.values()), *measured]


def key_of(line):
    kind, rest = line.split(" ", 1)
    name = re.search(r"\b(rondo_\w+)\(", rest) or re.search(r"\(\*\s*(\w+)", rest) if kind in ("function", "callback") else None
    return kind, name[1] if name else rest.split()[0]


def grows(old, new):
    """A struct that tells its size may get fields at its end."""
    head_old, fields_old = old.split(":", 1)
    head_new, fields_new = new.split(":", 1)
    before, after = fields_old.split(), fields_new.split()
    return (before[0] == "struct_size@0" and after[:len(before)] == before
            and int(head_new.split()[-1]) >= int(head_old.split()[-1]))


def breaks(golden, current):
    now = {key_of(line): line for line in current}
    for line in golden:
        new = now.get(key_of(line))
        if new is None:
            yield f"gone: {line}"
        elif new != line and not (line.startswith("struct ") and grows(line, new)):
            yield f"was: {line}\n  is: {new}"


def self_test(lines):
    """Breaks that must be caught, and growth that must not."""
    struct = next(line for line in lines if line.startswith("struct rondo_load_options "))
    others = [line for line in lines if line != struct]
    caught = [list(breaks(lines, others)), list(breaks(lines, [*others, struct.replace("work_multiple", "budget")])),
              list(breaks(lines, [*others, struct.replace("file_limit_bytes@8", "file_limit_bytes@16")])),
              list(breaks(lines, [line.replace("rondo_session* session", "void* session") for line in lines])),
              list(breaks(lines, [line.replace("RONDO_CANCELLED 11", "RONDO_CANCELLED 12") for line in lines]))]
    grown = re.sub(r" (\d+):", lambda size: f" {int(size[1]) + 8}:", struct) + " later@96"
    return all(caught) and not list(breaks(lines, [*others, grown, "number RONDO_LATER 1"]))


def main():
    header, golden, cc = Header(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2]), sys.argv[3]
    current = header.lines(cc)
    if "--update" in sys.argv:
        golden.write_text("\n".join(current) + "\n")
        return 0
    expected = golden.read_text().splitlines()
    problems = list(breaks(expected, current))
    known = {key_of(line) for line in expected}
    new = [line for line in current if key_of(line) not in known or line not in expected]
    if not problems and new:
        problems = ["the interface grew; run this again with --update:"] + new
    if not self_test(current):
        problems.append("a planted break was not caught")
    if len(sys.argv) > 4:
        listed = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", sys.argv[4]], check=True,
                                capture_output=True, text=True).stdout.splitlines()
        exported = {line.split()[0].split("@")[0] for line in listed if line.split()[1] != "A"}
        for name in sorted(exported ^ set(header.functions)):
            problems.append(f"{name} is {'exported, not declared' if name in exported else 'declared, not exported'}")
    print("\n".join(problems) or f"{len(header.functions)} functions, {len(header.structs)} structs and "
          f"{len(header.numbers)} numbers are what they were")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
