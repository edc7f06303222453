#!/usr/bin/env python3
"""The commands in the documentation, run: every ```console block of the files is
executed line by line and its output compared with what the page shows.

    check_docs.py ROOT RONDO PAGE...            exit 1 with a diff where a page is stale
    check_docs.py ROOT RONDO PAGE... --update   rewrites the pages instead

Lines that begin with "$ rondo" or "$ cat" are commands; others ("$ ./demo") are left
alone. All blocks of one page share a fresh folder that holds a copy of schedules/library.
What says nothing to a reader or differs from run to run (times, rates, digests, the CPU)
is compared as <time>, <rate>, <digest>, <isa>.
"""
import difflib, os, pathlib, re, shutil, subprocess, sys, tempfile

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
NORMAL = [  # pattern, what stands for it
    (re.compile(r"\b\d+(\.\d+)? (ns|us|ms|s)\b"), "<time>"),
    (re.compile(r"\b[\d.,e+]+ GFLOP/s"), "<rate>"),
    (re.compile(r"\bon (reference|avx2|avx512)\b"), "on <isa>"),
    (re.compile(r"this one: (reference|avx2|avx512)"), "this one: <isa>"),
    (re.compile(r"of [\d,]+ allowed"), "of <memory> allowed"),
    (re.compile(r"\bdigest +[0-9a-f]{12,64}\b"), "digest <digest>"),  # of a schedule: any change to a planner changes it
]
# Results that depend on the instruction set: the numbers after "compared", and digests of outputs.
RESULT = re.compile(r"^(  \S+ +[\d,]+ +)\S+ +\S+ +\S+ +\[[\d, ]*\](  agrees)$", re.M)
DIGEST = re.compile(r"\b[0-9a-f]{12}$", re.M)


def normal(text, command):
    for pattern, name in NORMAL:
        text = pattern.sub(name, text)
    if command.startswith("rondo run"):
        text = DIGEST.sub("<sha256>", RESULT.sub(r"\1<error>\2", text))
    return re.sub(r" +$", "", text, flags=re.M)


def run(command, folder, rondo):
    environment = {"PATH": f"{rondo.parent}:{os.environ['PATH']}", "COLUMNS": "96", "TERM": "dumb"}
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300)
    return done.stdout, done.returncode


def split(block):
    """[(command line, output)] of one block; a block without commands gives []."""
    pairs = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ "):
            pairs.append([line, ""])
        elif pairs:
            pairs[-1][1] += line
    return pairs


def renew(page, root, rondo, problems):
    text = page.read_text()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "library"
        shutil.copytree(root / "schedules/library", folder)

        def block(match):
            fresh = ""
            pairs = split(match[1])
            if not pairs or not all(line.startswith(("$ rondo ", "$ cat ")) for line, _ in pairs):
                return match[0]
            for line, shown in pairs:
                output, code = run(line[2:].strip(), folder, rondo)
                if code not in (0, 1, 2, 3):
                    problems.append(f"{page.relative_to(root)}: `{line[2:].strip()}` ended with {code}\n{output}")
                if normal(output, line[2:]) != normal(shown, line[2:]):
                    diff = difflib.unified_diff(shown.splitlines(), output.splitlines(), "on the page", "now", "", "", 1,
                                                lineterm="")
                    problems.append(f"{page.relative_to(root)}: `{line[2:].strip()}` prints something else now\n  " +
                                    "\n  ".join(diff))
                    shown = output
                fresh += line + shown
            return f"```console\n{fresh}```"

        renewed = BLOCK.sub(block, text)
    return text, renewed


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    update = "--update" in sys.argv
    root, rondo = pathlib.Path(arguments[0]).resolve(), pathlib.Path(arguments[1]).resolve()
    problems = []
    for name in arguments[2:]:
        page = root / name
        if not page.exists():
            continue
        old, new = renew(page, root, rondo, problems)
        if update and old != new:
            page.write_text(new)
            print(f"renewed {name}")
    if problems and not update:
        print("\n".join(problems))
        print(f"\nto renew: tests/tools/check_docs.py . {rondo.relative_to(root) if rondo.is_relative_to(root) else rondo} "
              f"{' '.join(arguments[2:])} --update")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
