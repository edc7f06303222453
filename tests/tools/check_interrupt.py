#!/usr/bin/env python3
"""Ctrl-C during a long run: the replay in flight ends, the files are written whole, the
exit code is 130.

    check_interrupt.py ROOT RONDO       exit 1 and what went wrong
"""
import json, os, pathlib, signal, subprocess, sys, tempfile, time


def interrupted(command, folder, after_s):
    """Starts it, waits until it has verified its schedule (a line of -v), presses Ctrl-C."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stderr.readline()
    time.sleep(after_s)  # anywhere between the first replay and the last: any moment must do
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        sys.exit("check_interrupt: the run did not end within 60 s of Ctrl-C")
    return process.returncode, out, first + err


def main():
    root, rondo = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    checker = root.parent / "shared/tools/check_perfetto.py"
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([rondo, "plan", root / "schedules/library/mlp.yaml", "-o", "mlp.rondo", "-q"], cwd=folder, check=True)
        for after_s in (0.0, 0.3):
            command = [rondo, "run", "mlp.rondo", "--random-inputs", "1", "--repeat", "1000000000", "-v", "--json",
                       "--trace", "t.pftrace", "--roofline", "r.csv", "--roofline-svg", "r.svg"]
            code, out, err = interrupted(command, folder, after_s)
            if code != 130:
                problems.append(f"exit code {code} instead of 130\n{err}")
                continue
            replays = json.loads(out)["replays"]
            if not 1 <= replays < 1000000000:
                problems.append(f"{replays} replays")
            lines = (pathlib.Path(folder) / "r.csv").read_text().splitlines()
            if len(lines) < 2 or any(line.count(",") != lines[0].count(",") for line in lines):
                problems.append("the roofline table is not whole")
            if not (pathlib.Path(folder) / "r.svg").read_text().endswith("</svg>\n"):
                problems.append("the roofline picture is not whole")
            if (pathlib.Path(folder) / "t.pftrace").stat().st_size == 0:
                problems.append("the trace is empty")
            # Shares no code with the writer; slow, so of the shorter run only.
            if after_s == 0.0 and checker.exists():
                done = subprocess.run([sys.executable, checker, "--strict", "-q", "--require-track", "replays",
                                       "--min-slices", "3", "t.pftrace"], cwd=folder, capture_output=True, text=True)
                if done.returncode != 0:
                    problems.append(f"the trace is refused: {done.stdout}{done.stderr}")
            leftovers = [name for name in os.listdir(folder) if name not in ("mlp.rondo", "t.pftrace", "r.csv", "r.svg")]
            if leftovers:
                problems.append(f"left behind: {leftovers}")
    print("\n".join(problems) or "a run that is interrupted leaves whole files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
