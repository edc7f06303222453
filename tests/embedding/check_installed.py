#!/usr/bin/env python3
"""Embeds the installed library in other programs, as a stranger would.

Installs the finished build into a scratch prefix, moves the prefix, and builds the
programs in hosts/ against what lies there then: by find_package (static and shared)
and by pkg-config (with and without --static). They must print the numbers below.
Also: no absolute path of the build in what CMake and pkg-config read; a consumer
that asks for the next minor version is refused; a host that was compiled against the
first version of rondo.h still runs; the runtime needs no library but those of C and
C++; docs/embedding.md quotes the hosts; and the source tree works inside another
project, by add_subdirectory and by FetchContent.

    check_installed.py SOURCE BUILD CC CXX [--whole]   --whole: builds the fetched library too,
                                                       minutes instead of seconds
"""
import os, pathlib, re, shlex, subprocess, sys, tempfile

EXPECTED = ["5 26 50", "0 14 10"]


def run(*command, fails=False, env=None):
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    if (done.returncode != 0) != fails:
        sys.exit(f"$ {shlex.join(command)}\n{done.stdout[:4000]}\nexit code {done.returncode}")
    return done.stdout


class Check:
    def __init__(self, scratch, source, build, cc, cxx, whole):
        self.whole = whole
        self.scratch, self.source, self.build, self.cc, self.cxx = scratch, source, build, cc, cxx
        self.hosts = source / "tests/embedding/hosts"
        self.prefix = scratch / "moved"
        self.schedule = scratch / "affine.rondo"

    def install_and_move(self):
        run("cmake", "--install", self.build, "--prefix", self.scratch / "installed")
        (self.scratch / "installed").rename(self.prefix)
        self.archives = next(self.prefix.rglob("librondo.a")).parent

    def names_no_build_path(self):
        files = [*self.prefix.rglob("*.cmake"), *self.prefix.rglob("*.pc")]
        assert len(files) >= 9, files
        for file in files:
            text = file.read_text()
            for path in (self.source, self.build, self.scratch):
                assert str(path) not in text, f"{file.relative_to(self.prefix)} names {path}"

    def configure(self, name, fails=False, into=None, **variables):
        binary = into or self.scratch / f"build-{len(list(self.scratch.glob('build-*')))}"
        variables = {"CMAKE_PREFIX_PATH": self.prefix, "CMAKE_C_COMPILER": self.cc, "CMAKE_CXX_COMPILER": self.cxx} | variables
        output = run("cmake", "-S", self.hosts / name, "-B", binary, "-G", "Ninja", "-Wno-dev", "--no-warn-unused-cli",
                     *(f"-D{key}={value}" for key, value in variables.items()), fails=fails)
        return output if fails else binary

    def built(self, name, program, **variables):
        binary = self.configure(name, **variables)
        run("cmake", "--build", binary)
        return binary / program

    def computes(self, what, program, env=None):
        lines = run(program, self.schedule, env=env).splitlines()
        assert lines[-2:] == EXPECTED, f"{what} printed {lines}"
        print(f"{what}: {' | '.join(lines)}")

    def cxx_hosts(self):
        host = self.built("cxx", "host")
        run(host.parent / "planning_host", self.source / "tests/embedding/affine.yaml", self.schedule)
        self.computes("C++, find_package", host)

    def c_hosts(self):
        self.computes("C, find_package, static", self.built("c", "host"))
        if (self.archives / "librondo.so").exists():
            self.computes("C, find_package, shared", self.built("c", "host", HOST_LINKS="shared"))

    def serving_hosts(self):
        """A C host with threads of its own: lanes of the CPU, then the emulated device."""
        server = self.built("c", "server")
        tool, graph = self.prefix / "bin/rondo", self.source / "tests/embedding/rows.yaml"
        board = self.source / "schedules/library/machines/device-board.yaml"
        for name, plan, backend in (("lanes", ["--lanes", 2], "cpu"), ("device", ["--machine", board], "emulated")):
            schedule = self.scratch / f"rows-{name}.rondo"
            run(tool, "plan", graph, *plan, "-q", "-o", schedule)
            lines = run(server, schedule, 8, 50, *([backend] if backend != "cpu" else [])).splitlines()
            workers = 2 if backend == "cpu" else 1
            assert lines[0] == f"8 sessions of 50 replays by {workers} workers each: 0 wrong", lines
            assert lines[1].startswith(f"on {backend}; "), lines
            print(f"C, threads of its own: {' | '.join(lines)}")

    def talking_host(self):
        """Prefill and decoding of a small model in one file, two conversations over it."""
        host, library = self.built("c", "conversations"), self.source / "schedules/library"
        parts = ["gpt2-tiny-prefill", "gpt2-tiny-decode"]
        schedule = self.scratch / "gpt2-tiny.rondo"
        run(self.prefix / "bin/rondo", "plan", *(library / f"{part}.yaml" for part in parts), "-q", "-o", schedule)
        lines = run(host, schedule, *parts).splitlines()
        assert lines[-1] == "taking turns or one after the other: the same words", lines
        assert lines[0].split(":")[1] != lines[1].split(":")[1], f"two prompts, one answer: {lines}"
        print(f"C, prefill and decode: {' | '.join(lines)}")

    def tbb_host(self):
        """A host with an arena of oneTBB, where there was one to build with."""
        if not (self.archives / "librondo_tbb.a").exists():
            print("C++, oneTBB: skipped, the build found no oneTBB")
            return
        schedule = self.scratch / "rows-lanes.rondo"
        lines = run(self.built("tbb", "host"), schedule, 64).splitlines()
        # Before it oneTBB may remark that it has fewer CPUs than the arena has slots.
        assert lines[-1] == "64 requests in an arena of oneTBB: 0 wrong", lines
        print(f"C++, oneTBB: {lines[-1]}")
        output = self.configure("tbb", fails=True, CMAKE_DISABLE_FIND_PACKAGE_TBB=1)
        assert "TBB" in output, output

    def cxx17_hosts(self):
        shared = (self.archives / "librondo.so").exists()
        for links in ("runtime", "shared") if shared else ("runtime",):
            host = self.built("cxx17", "host", HOST_LINKS=links)
            self.computes(f"C++17, {links}", host)
            self.computes(f"C++17, {links}, -fno-exceptions", host.parent / "host_without_exceptions")

    def host_of_the_first_version(self):
        """Compiled against the header as it was first, linked with what is installed now."""
        program = self.scratch / "first-host"
        header = self.source / "tests/embedding/first_header"
        run(self.cc, "-std=c11", f"-I{header}", self.hosts / "c/host.c", self.archives / "librondo.a", "-lstdc++", "-lm",
            "-pthread", "-o", program)
        self.computes("C, compiled against the first rondo.h", program)

    def runtime_stands_alone(self):
        """Neither the archive nor the shared library asks for yaml-cpp or oneTBB; nor does configuring."""
        undefined = run("nm", "-C", "--undefined-only", self.archives / "librondo.a")
        for word in ("YAML::", "tbb::", "dnnl_"):
            assert word not in undefined, f"librondo.a asks for {word}"
        allowed = {"libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"}
        binaries = [self.built("c", "host", **{"CMAKE_DISABLE_FIND_PACKAGE_yaml-cpp": 1})]
        if (self.archives / "librondo.so").exists():
            binaries.append(self.archives / "librondo.so")
        for binary in binaries:
            needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\]", run("readelf", "-d", binary)))
            assert needed and needed <= allowed, f"{binary.name} needs {sorted(needed - allowed)}"
        output = self.configure("cxx", fails=True, **{"CMAKE_DISABLE_FIND_PACKAGE_yaml-cpp": 1})
        assert "yaml-cpp" in output, output

    def pkg_config_host(self, static):
        env = os.environ | {"PKG_CONFIG_PATH": str(self.archives / "pkgconfig"), "LD_LIBRARY_PATH": str(self.archives)}
        words = run("pkg-config", *(["--static"] if static else []), "--cflags", "--libs", "rondo", env=env).split()
        if static:  # pkg-config leaves the choice of the archive to the linker
            words = [str(self.archives / "librondo.a") if word == "-lrondo" else word for word in words]
        program = self.scratch / f"pkg-config-host-{int(static)}"
        run(self.cc, "-std=c11", self.hosts / "c/host.c", *words, "-o", program)
        self.computes(f"C, pkg-config{' --static' if static else ''}", program, env)

    def next_minor_version_is_refused(self):
        version = re.search(r"project\(rondo VERSION (\d+)\.(\d+)", (self.source / "CMakeLists.txt").read_text())
        wanted = f"{version[1]}.{int(version[2]) + 1}"
        output = self.configure("c", fails=True, HOST_VERSION=wanted)
        assert f'requested version "{wanted}"' in " ".join(output.split()), output

    def works_inside_another_project(self):
        binary = self.configure("subdirectory", RONDO_SOURCE=self.source)
        assert not (binary / "rondo/cmake_install.cmake").read_text().count("librondo"), "install rules of a guest"
        binary = self.configure("fetched", RONDO_SOURCE=self.source, CMAKE_PREFIX_PATH="")
        if self.whole:
            run("cmake", "--build", binary, "--target", "host")
            self.computes("C, FetchContent", binary / "host")
        else:  # the tree itself is the proof that the rest builds
            assert "_deps/rondo-build/librondo.a" in run("ninja", "-C", binary, "-t", "commands", "host")

    def documentation_shows_the_hosts(self):
        text = (self.source / "docs/embedding.md").read_text()
        for language, host, count in (("c", "c/host.c", 3), ("cpp", "cxx17/host.cc", 1)):
            blocks = re.findall(rf"```{language}\n(.*?)```", text, re.S)
            assert len(blocks) == count, (language, len(blocks))
            for block in blocks:
                assert block in (self.hosts / host).read_text(), f"docs/embedding.md shows what {host} does not have:\n{block}"
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert (self.source / "docs" / link).exists(), f"docs/embedding.md links {link}"

    def all(self):
        self.install_and_move()
        self.names_no_build_path()
        self.cxx_hosts()
        self.c_hosts()
        self.serving_hosts()
        self.tbb_host()
        self.talking_host()
        self.cxx17_hosts()
        self.host_of_the_first_version()
        self.runtime_stands_alone()
        for static in (False, True):
            self.pkg_config_host(static)
        self.next_minor_version_is_refused()
        self.works_inside_another_project()
        self.documentation_shows_the_hosts()


def main():
    source, build = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        Check(pathlib.Path(scratch), source, build, *sys.argv[3:5], whole="--whole" in sys.argv).all()


if __name__ == "__main__":
    main()
