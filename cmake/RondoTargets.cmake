# How every target of the project is made: one standard, one set of warnings, and
# the sanitizers of the preset.

add_library(rondo_options INTERFACE)
target_compile_features(rondo_options INTERFACE cxx_std_20)
target_compile_options(rondo_options INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
# gcc 12 sees overruns in std::string's own concatenation where there are none (its bug 105651).
target_compile_options(rondo_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>)
if(RONDO_SANITIZE)
  target_compile_options(rondo_options INTERFACE -fsanitize=${RONDO_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  if(RONDO_SANITIZE MATCHES "address" AND RONDO_SANITIZE MATCHES "undefined")
    # Left out for time: they cost a third of what optimised files take to compile. Most bad
    # pointers are found by AddressSanitizer when they are followed; casts to a wrong class (vptr)
    # and sums that wrap around without being followed are not.
    target_compile_options(rondo_options INTERFACE -fno-sanitize=null,object-size,pointer-overflow,vptr)
    # What a test itself computes is not looked at for undefined behaviour: a fifth of its time.
    target_compile_options(rondo_options INTERFACE
      $<$<BOOL:$<TARGET_PROPERTY:RONDO_TEST_CODE>>:-fno-sanitize=undefined>)
  endif()
  target_link_options(rondo_options INTERFACE -fsanitize=${RONDO_SANITIZE})
endif()

# What presets that build everything from clean turn on, and who edits one file at a time
# leaves off: headers of the standard library and of GoogleTest are read once (half a second
# and 2 s a file), and a compiler gets eight files of a target at once, which halves its time
# (three tests of the verifier with clang 14 and sanitizers: 12.2 s apart, 5.9 s joined;
# eight instead of four takes gcc 12 another 12 % less over 32 files of the planner). The
# price: names in anonymous namespaces must differ within a target; APART is for targets
# whose files are alike by purpose, rondo_compile_apart() for single files. The dev preset
# compiles every file alone.
option(RONDO_BUILD_JOINED "Precompile common headers and compile several files at once" OFF)
function(rondo_join_files name)
  if(RONDO_BUILD_JOINED)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()
# What many files of every room include (counted with `ninja -t deps`).
set(RONDO_COMMON_HEADERS <algorithm> <array> <atomic> <bit> <cctype> <charconv> <chrono> <cmath> <cstdint> <cstdio> <cstdlib>
    <cstring> <functional> <limits> <map> <memory> <new> <numeric> <optional> <set> <span> <string> <string_view>
    <unordered_map> <utility> <variant> <vector> <rondo/contract.h> <rondo/result.h> <rondo/schedule.h>)
function(rondo_standard_headers name options)
  if(TARGET ${name})
    return()
  endif()
  file(WRITE ${PROJECT_BINARY_DIR}/${name}.cc "")
  add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE rondo_options)
  target_compile_options(${name} PRIVATE ${options})
  set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PRIVATE rondo_headers)
  target_precompile_headers(${name} PRIVATE ${RONDO_COMMON_HEADERS})
endfunction()

# Under AddressSanitizer most of the time goes into a few long functions that read or print
# whole files, where hundreds of inlined checks outgrow the register allocator: those call
# the checks, and only what is small is inlined (parse_machine.cc with clang 14: 11 s to 5 s).
function(rondo_lighten_checks name)
  if(RONDO_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${name} PRIVATE
      "SHELL:-mllvm -asan-instrumentation-with-call-threshold=500" "SHELL:-mllvm -inline-threshold=25")
  endif()
endfunction()

# Keeps these files of the current folder out of joined compilation.
function(rondo_compile_apart)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# rondo_library(name SOURCES ... [LIBS ...] [ALONE] [APART] [COLD] [HOT]): includes are written from the root of
# the tree ("kernels/kernel.h") or from include/ ("rondo/schedule.h"). ALONE: files
# are compiled as they stand, after no precompiled header. APART: files are never compiled
# together. COLD: no test waits for this code, so a build with
# sanitizers does not optimise it, which takes clang 14 a third of the time (four files of
# the planner: 10.4 s to 3.4 s; but its tests then run two to three times as long, so it is not). HOT: tests wait for this code, so
# its checks are not lightened.
function(rondo_library name)
  cmake_parse_arguments(ARG "ALONE;APART;COLD;HOT" "" "SOURCES;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC rondo_headers ${ARG_LIBS} PRIVATE rondo_options ${ARG_PRIVATE_LIBS})
  set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  set(headers rondo_standard_headers)
  set(options "")
  if(ARG_COLD AND RONDO_SANITIZE)
    set(headers rondo_standard_headers_plain)
    set(options -O0)
    target_compile_options(${name} PRIVATE ${options})
  endif()
  if(NOT ARG_HOT)
    rondo_lighten_checks(${name})
  endif()
  if(RONDO_BUILD_JOINED AND NOT ARG_ALONE)
    rondo_standard_headers(${headers} "${options}")
    target_precompile_headers(${name} REUSE_FROM ${headers})
    if(NOT ARG_APART)
      rondo_join_files(${name})
    endif()
  endif()
endfunction()

# Programs that only use the library may be compiled by another compiler than the library
# is, as a host's are: where gcc makes the library and clang is there, clang makes the tests
# of a build that compiles everything, because it takes a third of gcc 12's time for code that
# is not optimised (eight tests of the planner: 9.1 s with gcc, 3.7 s with clang 14). Not with
# sanitizers, whose runtimes are each compiler's own. Why: docs/decisions/0093.
if(RONDO_BUILD_JOINED AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT RONDO_SANITIZE)
  find_program(RONDO_TEST_COMPILER clang++ DOC "Compiles the tests of a joined build, beside gcc; OFF: gcc does")
  if(RONDO_TEST_COMPILER)
    # One that is too old, or finds no standard library, is left alone.
    file(WRITE ${PROJECT_BINARY_DIR}/test_compiler.cc "#include <concepts>\n#include <span>\nstd::span<const int> none;\n")
    execute_process(COMMAND ${RONDO_TEST_COMPILER} -std=c++20 -fsyntax-only ${PROJECT_BINARY_DIR}/test_compiler.cc
                    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed)
      set(RONDO_TEST_COMPILER OFF CACHE FILEPATH "${RONDO_TEST_COMPILER} does not compile C++20" FORCE)
    endif()
  endif()
endif()
function(rondo_compile_as_client name)
  if(RONDO_TEST_COMPILER)
    set(launcher ${PROJECT_SOURCE_DIR}/cmake/compile_with.sh ${RONDO_TEST_COMPILER} ${CMAKE_CXX_COMPILER}
        ${CMAKE_CXX_COMPILER_LAUNCHER})
    set_target_properties(${name} PROPERTIES CXX_COMPILER_LAUNCHER "${launcher}")
    target_compile_options(${name} PRIVATE -fpch-instantiate-templates)
  endif()
endfunction()

# GoogleTest's headers cost 2 s a file; every test program reads them precompiled. One
# such header for each set of flags: `name` with `options` at the end.
function(rondo_test_headers name options)
  if(TARGET ${name})
    return()
  endif()
  file(WRITE ${PROJECT_BINARY_DIR}/${name}.cc "")
  add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE rondo_options GTest::gmock GTest::gtest)
  target_compile_options(${name} PRIVATE ${options})
  rondo_compile_as_client(${name})
  target_link_libraries(${name} PRIVATE rondo_headers)
  target_precompile_headers(${name} PRIVATE ${RONDO_COMMON_HEADERS} <filesystem> <fstream> <random> <sstream>
                            <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# What test programs and test libraries have in common; see rondo_test.
function(rondo_compile_as_test name busy apart)
  rondo_compile_as_client(${name})
  if(busy)
    rondo_test_headers(rondo_test_headers "")
    target_precompile_headers(${name} REUSE_FROM rondo_test_headers)
  else()
    set(options -O0)
    if(RONDO_SANITIZE)
      # A report names the test by its function, and its failures by file and line anyway.
      list(APPEND options -g0)
    endif()
    target_compile_options(${name} PRIVATE ${options})
    rondo_test_headers(rondo_test_headers_plain "${options}")
    set_target_properties(${name} rondo_test_headers_plain PROPERTIES RONDO_TEST_CODE ON)
    target_precompile_headers(${name} REUSE_FROM rondo_test_headers_plain)
  endif()
  if(NOT apart)
    rondo_join_files(${name})
  endif()
  if(NOT busy)
    rondo_lighten_checks(${name})
  endif()
  target_compile_definitions(${name} PRIVATE RONDO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

# rondo_test(name SOURCES ... LIBS ... [LABELS ...] [SANITIZED_ARGS ...] [BUSY] [APART] [LONG]): a
# GoogleTest program, one ctest entry per program. SANITIZED_ARGS shorten long sweeps
# where a sanitizer makes them ten times slower; the plain build runs them whole. The files
# of a test are not optimised, which halves the time they take to compile (run_test.cc with
# clang 14 and sanitizers: 8.8 s to 4.1 s); BUSY: they are, because the test's own code is
# what its run spends its time in. LONG: ctest starts it early, so that no processor waits for
# it at the end.
function(rondo_test name)
  cmake_parse_arguments(ARG "BUSY;APART;LONG" "TIMEOUT" "SOURCES;LIBS;LABELS;SANITIZED_ARGS" ${ARGN})
  set(arguments --gtest_brief=1)
  if(RONDO_SANITIZE)
    list(APPEND arguments ${ARG_SANITIZED_ARGS})
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rondo_options ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  rondo_compile_as_test(${name} "${ARG_BUSY}" "${ARG_APART}")
  add_test(NAME ${name} COMMAND ${name} ${arguments})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77 LABELS "${ARG_LABELS}")
  if(ARG_LONG)
    set_tests_properties(${name} PROPERTIES COST 100)
  endif()
endfunction()

# rondo_test_library(name SOURCES ... [LIBS ...] [BUSY]): what several test programs share,
# compiled once, as tests are, or what a test spends its time in, where the rest of it does
# not. Without LIBS it goes with whatever library its user tests.
function(rondo_test_library name)
  cmake_parse_arguments(ARG "BUSY" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC rondo_headers ${ARG_LIBS} GTest::gmock PRIVATE rondo_options)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  rondo_compile_as_test(${name} "${ARG_BUSY}" "")
endfunction()

# rondo_fuzzer(name SOURCES ... LIBS ...): with RONDO_FUZZ a libFuzzer program.
function(rondo_fuzzer name)
  if(NOT RONDO_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rondo_options ${ARG_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
