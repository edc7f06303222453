#!/usr/bin/env bash
# The runs that are too long for every commit; `./check --long` builds first, then
# calls this. Stops at the first failure. About an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
release=build/release/tests asan=build/asan/tests

run() { printf '\n$ %s\n' "$*"; "$@"; }

run $release/verify/verify_oracle_test --per_class=1000000 --moving=200000
run $release/verify/verify_faithful_test --sites=0
run $release/whole/random_graphs --graphs=100000
run $release/whole/full_size_test --full-size
run $release/whole/small_mistakes_test --table
run $release/planner/fusion/lower/fusion_lower_test --problems=20000
run $release/planner/fusion/lower/fusion_run_contest --work=200000 --replay-below=1000 --generated=2000
run env RONDO_TINY_PROBLEMS=20000 $release/planner/fusion/fusion_test --gtest_filter='*TinyProblems'
run env RONDO_TINY_PROBLEMS=5000 $release/planner/fusion/search/fusion_solve_test --gtest_filter='*Tiny*:*ByShare*'
if [[ -e ../shared/tools/mlsys_eval.py ]]; then
  run python3 tests/planner/fusion/compare_evaluators.py $release/planner/fusion/print_verdicts ../shared 100000 7
fi
run $release/planner/phase/milp/planner_phase_milp_test --gtest_also_run_disabled_tests --gtest_filter='*LongWidths*'
run python3 tests/embedding/check_installed.py . build/release "${CC:-cc}" "${CXX:-c++}" --whole
if [[ -x $asan/schedules/fuzz_binary ]]; then
  mkdir -p build/fuzz/binary build/fuzz/text
  run $asan/schedules/fuzz_binary -max_total_time=900 -print_final_stats=1 build/fuzz/binary tests/schedules/golden
  run $asan/schedules/fuzz_text -max_total_time=900 -print_final_stats=1 build/fuzz/text tests/schedules/golden
  mkdir -p build/fuzz/contest
  run $asan/planner/fusion/fuzz_contest -max_total_time=600 -max_len=4096 -dict=tests/planner/fusion/fuzz/contest.dict \
    build/fuzz/contest tests/planner/fusion/fuzz/seeds
  run $asan/whole/random_graphs --graphs=5000
fi
