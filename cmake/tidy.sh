#!/usr/bin/env bash
# clang-format (check only) and clang-tidy over every source file; exit 1 on a finding.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in clang-format clang-tidy; do
  command -v $tool >/dev/null || { echo "tidy: $tool is missing (Debian: apt-get install $tool)" >&2; exit 3; }
done
mapfile -t files < <(git ls-files '*.cc' '*.h')
clang-format --dry-run -Werror "${files[@]}"
cmake --preset dev -DCMAKE_EXPORT_COMPILE_COMMANDS=ON > /dev/null
mapfile -t sources < <(git ls-files 'schedules/*.cc' 'kernels/*.cc' 'planner/*.cc' 'runtime/*.cc' 'tools/*.cc')
printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy -p build/dev --quiet
