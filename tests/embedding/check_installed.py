#!/usr/bin/env python3
"""Embeds the installed library in other programs, as a stranger would.

Installs the finished build into a scratch prefix, moves the prefix, and builds the
programs in hosts/ against what lies there then: by find_package (static and shared)
and by pkg-config (with and without --static). They must print the numbers below.
Also: no absolute path of the build in what CMake and pkg-config read, a consumer
that asks for the next minor version is refused, librondo.so exports rondo_* only, and
the source tree works as a folder of another project, docs/embedding.md quotes the hosts.

    check_installed.py SOURCE BUILD CC CXX
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
    def __init__(self, scratch, source, build, cc, cxx):
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

    def configure(self, name, fails=False, **variables):
        binary = self.scratch / f"build-{len(list(self.scratch.glob('build-*')))}"
        variables |= {"CMAKE_PREFIX_PATH": self.prefix, "CMAKE_C_COMPILER": self.cc, "CMAKE_CXX_COMPILER": self.cxx}
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

    def configures_as_a_subdirectory(self):
        binary = self.configure("subdirectory", RONDO_SOURCE=self.source)
        assert not (binary / "rondo/cmake_install.cmake").read_text().count("librondo"), "install rules of a guest"

    def exports_only_its_own_names(self):
        shared = self.archives / "librondo.so"
        if not shared.exists():
            return
        lines = run("nm", "-D", "--defined-only", "--format=posix", shared).splitlines()
        names = {line.split()[0].split("@")[0] for line in lines if line.split()[1] != "A"}
        header = (self.prefix / "include/rondo/rondo.h").read_text()
        declared = set(re.findall(r"RONDO_API[^;(]*?\b(rondo_\w+)\(", header))
        assert names == declared, f"exported but not declared: {names - declared}; the reverse: {declared - names}"
        print(f"librondo.so exports the {len(names)} functions of rondo.h and nothing else")

    def documentation_shows_the_hosts(self):
        text = (self.source / "docs/embedding.md").read_text()
        host = (self.hosts / "c/host.c").read_text()
        blocks = re.findall(r"```c\n(.*?)```", text, re.S)
        assert len(blocks) == 3, len(blocks)
        for block in blocks:
            assert block in host, f"docs/embedding.md shows what hosts/c/host.c does not have:\n{block}"
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert (self.source / "docs" / link).exists(), f"docs/embedding.md links {link}"

    def all(self):
        self.install_and_move()
        self.names_no_build_path()
        self.cxx_hosts()
        self.c_hosts()
        for static in (False, True):
            self.pkg_config_host(static)
        self.next_minor_version_is_refused()
        self.configures_as_a_subdirectory()
        self.exports_only_its_own_names()
        self.documentation_shows_the_hosts()


def main():
    source, build = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        Check(pathlib.Path(scratch), source, build, *sys.argv[3:5]).all()


if __name__ == "__main__":
    main()
