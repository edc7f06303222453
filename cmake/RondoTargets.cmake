# How every target of the project is made: one standard, one set of warnings, and
# the sanitizers of the preset.

add_library(rondo_options INTERFACE)
target_compile_features(rondo_options INTERFACE cxx_std_20)
target_compile_options(rondo_options INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
# gcc 12 sees overruns in std::string's own concatenation where there are none (its bug 105651).
target_compile_options(rondo_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow>)
if(RONDO_SANITIZE)
  target_compile_options(rondo_options INTERFACE -fsanitize=${RONDO_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(rondo_options INTERFACE -fsanitize=${RONDO_SANITIZE})
endif()

# rondo_library(name SOURCES ... [LIBS ...]): includes are written from the root of
# the tree ("kernels/kernel.h") or from include/ ("rondo/schedule.h").
function(rondo_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS;PRIVATE_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC rondo_headers ${ARG_LIBS} PRIVATE rondo_options ${ARG_PRIVATE_LIBS})
  set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
endfunction()

# GoogleTest's headers cost 2 s a file; every test program reads them precompiled.
function(rondo_test_headers)
  if(TARGET rondo_test_headers)
    return()
  endif()
  file(WRITE ${PROJECT_BINARY_DIR}/test_headers.cc "")
  add_library(rondo_test_headers OBJECT ${PROJECT_BINARY_DIR}/test_headers.cc)
  target_link_libraries(rondo_test_headers PRIVATE rondo_options GTest::gmock GTest::gtest)
  target_precompile_headers(rondo_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# rondo_test(name SOURCES ... LIBS ... [LABELS ...] [SANITIZED_ARGS ...]): a GoogleTest
# program, one ctest entry per program. SANITIZED_ARGS shorten long sweeps where a
# sanitizer makes them ten times slower; the plain build runs them whole.
function(rondo_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;LABELS;SANITIZED_ARGS" ${ARGN})
  set(arguments --gtest_brief=1)
  if(RONDO_SANITIZE)
    list(APPEND arguments ${ARG_SANITIZED_ARGS})
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rondo_options ${ARG_LIBS} GTest::gmock GTest::gtest_main)
  rondo_test_headers()
  target_precompile_headers(${name} REUSE_FROM rondo_test_headers)
  target_compile_definitions(${name} PRIVATE RONDO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} ${arguments})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77 LABELS "${ARG_LABELS}")
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
