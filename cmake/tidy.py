#!/usr/bin/env python3
"""clang-format (check only) and clang-tidy over the sources; exit 1 on a finding.

usage: cmake/tidy.py [--deep] [--jobs N] [FOLDER or FILE ...]   (default: the whole tree)

--deep: the static analyser follows calls further. It finds little more and takes four times
as long (schedules/verify/cut_cells.cc: 13.3 s instead of 3.4 s), so it is not the default.

Files that the joined presets compile together are read together, one after another as one
main file, so that the static analyser looks into all of them and headers are read once.
What was clean is looked at again when a source, a header of the tree that it includes, its
flags, .clang-tidy or the tool changes: build/tidy/clean/ remembers. So a run that was
interrupted goes on where it stopped, and a change costs what it touches.
"""
import argparse
import bisect
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "tidy")
JOINED, CLEAN = os.path.join(BUILD, "joined"), os.path.join(BUILD, "clean")
ROOMS = ("schedules", "kernels", "planner", "runtime", "tools")  # whose code clang-tidy reads
SHALLOW = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "mode=shallow")]


def relative(path):
    return os.path.relpath(path, ROOT)


class Unit:
    """Sources that are compiled together, as one text of which every line knows its place."""

    def __init__(self, entry):
        self.directory = entry["directory"]
        built = entry["file"]
        paths = [built]
        if "/Unity/" in built:
            with open(built) as file:
                paths = re.findall(r'^#include "(.*)"$', file.read(), re.MULTILINE)
        self.sources = [relative(path) for path in paths]
        self.name = relative(built).replace("/", "__")
        self.file = paths[0] if len(paths) == 1 else os.path.join(JOINED, self.name + ".cc")
        words = shlex.split(entry["command"])
        self.command = [self.file if word == built else word for word in words]
        self.begins = []

    def write(self):
        if len(self.sources) == 1:
            return
        lines = []
        for source in self.sources:
            self.begins.append(len(lines))
            with open(os.path.join(ROOT, source)) as file:
                lines += file.read().split("\n")
        with open(self.file, "w") as file:
            file.write("\n".join(lines))

    def in_words_of_the_tree(self, said):
        def place(match):
            if match[1] != self.file or len(self.sources) == 1:
                return f"{relative(match[1])}:{match[2]}:"
            line = int(match[2]) - 1
            at = bisect.bisect_right(self.begins, line) - 1
            return f"{self.sources[at]}:{line - self.begins[at] + 1}:"
        return re.sub(r"^(/\S+?):(\d+):", place, said, flags=re.MULTILINE)

    def headers(self):
        """The files of the tree that are read; none where they do not preprocess."""
        command, skip = [], False
        for word in self.command:
            if not skip and word not in ("-c", "-MD", "-o", "-MT", "-MF"):
                command.append(word)
            skip = word in ("-o", "-MT", "-MF")
        made = subprocess.run([*command, "-MM"], cwd=self.directory, capture_output=True, text=True)
        if made.returncode != 0:
            return []
        names = made.stdout.replace("\\\n", " ").split(":", 1)[1].split()
        paths = {relative(os.path.join(self.directory, name)) for name in names}
        return sorted(path for path in paths if not path.startswith(("..", "build/")))

    def fingerprint(self, version):
        read = self.headers()
        if not read:
            return None
        digest = hashlib.sha256()
        for text in (version, " ".join(self.command).replace(ROOT, "")):
            digest.update(text.encode() + b"\0")
        for path in [".clang-tidy", *self.sources, *read]:
            with open(os.path.join(ROOT, path), "rb") as file:
                digest.update(path.encode() + b"\0" + hashlib.sha256(file.read()).digest())
        return digest.hexdigest()

    def look(self, version, options):
        """What clang-tidy says; None where all was clean before and nothing changed."""
        self.write()
        now = self.fingerprint(version + " ".join(options))
        stamp = os.path.join(CLEAN, self.name)
        if now and os.path.exists(stamp):
            with open(stamp) as file:
                if file.read() == now:
                    return None
        made = subprocess.run(["clang-tidy", "-p", JOINED, "--quiet", *options, self.file],
                              cwd=ROOT, capture_output=True, text=True)
        if made.returncode != 0:
            said = made.stdout.strip() or made.stderr.strip() or f"clang-tidy ended with {made.returncode}"
            return self.in_words_of_the_tree(said)
        if now:
            with open(stamp, "w") as file:
                file.write(now)
        return ""


def configure():
    made = subprocess.run(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                           "-DCMAKE_CXX_COMPILER=clang++", "-DCMAKE_C_COMPILER=clang", "-DRONDO_BUILD_JOINED=ON",
                           "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"],
                          capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"tidy: cmake failed\n{made.stdout}{made.stderr}")
    for folder in (JOINED, CLEAN):
        os.makedirs(folder, exist_ok=True)
    with open(os.path.join(BUILD, "compile_commands.json")) as file:
        units = [Unit(entry) for entry in json.load(file) if entry["file"].endswith((".cc", ".cxx"))]
    # Some are built for more than one library.
    units = list({(unit.file, *unit.sources): unit for unit in reversed(units)}.values())
    with open(os.path.join(JOINED, "compile_commands.json"), "w") as file:
        json.dump([{"directory": unit.directory, "file": unit.file, "arguments": unit.command} for unit in units], file)
    return units


def main():
    parser = argparse.ArgumentParser(usage="cmake/tidy.py [--deep] [--jobs N] [FOLDER or FILE ...]")
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("paths", nargs="*")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error("--jobs takes a number from 1")
    for tool in ("clang-format", "clang-tidy", "clang++"):
        if shutil.which(tool) is None:
            print(f"tidy: {tool} is missing (Debian: apt-get install {tool.rstrip('+')})", file=sys.stderr)
            return 3
    wanted = [relative(path) for path in options.paths] or ["."]
    tracked = subprocess.run(["git", "ls-files", "--", *wanted], cwd=ROOT, check=True, capture_output=True, text=True)
    files = [path for path in tracked.stdout.split("\n")
             if path.endswith((".cc", ".h", ".hpp", ".c")) and os.path.exists(os.path.join(ROOT, path))]
    if not files:
        print("tidy: no source file there", file=sys.stderr)
        return 2
    formatted = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=ROOT).returncode == 0

    sources = {path for path in files if path.endswith(".cc") and path.split("/")[0] in ROOMS}
    units = [unit for unit in configure() if sources.intersection(unit.sources)]
    units.sort(key=lambda unit: -len(unit.sources))  # the long ones first, so that all jobs end together
    unbuilt = sorted(sources - {source for unit in units for source in unit.sources})
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True, text=True).stdout
    depth = [] if options.deep else SHALLOW
    started, done, again, findings, shown = time.monotonic(), 0, 0, 0, set()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for look in concurrent.futures.as_completed([pool.submit(unit.look, version, depth) for unit in units]):
            said = look.result()
            done += 1
            again += said is not None
            # A finding in a header is made once for every unit.
            for finding in re.split(r"\n(?=\S+:\d+:\d+: (?:error|warning):)", said or ""):
                if finding and finding not in shown:
                    shown.add(finding)
                    findings += 1
                    print(finding, flush=True)
            if said is not None or done == len(units):
                print(f"tidy: {done} of {len(units)} units, {findings} findings, {time.monotonic() - started:.0f} s",
                      file=sys.stderr, flush=True)
    print(f"tidy: {len(files)} files {'formatted' if formatted else 'NOT ALL FORMATTED'}, {len(sources) - len(unbuilt)} sources in "
          f"{len(units)} units ({len(units) - again} unchanged since they were clean): {findings} findings")
    if unbuilt:
        print(f"tidy: not built on this machine, so not read: {' '.join(unbuilt)}")
    return 0 if formatted and findings == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
