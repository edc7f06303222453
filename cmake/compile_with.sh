#!/bin/sh
# compile_with.sh OTHER COMPILER COMMAND...: runs the command with OTHER in place of COMPILER,
# wherever in it that stands (behind a cache, say). Both take the same options, gcc and clang;
# warnings that only one of them knows say nothing.
set -eu
other=$1 compiler=$2
shift 2
output='' previous=''
for word do
  shift
  [ "$word" = "$compiler" ] && word=$other
  [ "$previous" = -o ] && output=$word
  previous=$word
  set -- "$@" "$word"
done
# A precompiled header that is made again would read what it was before.
case $output in *.gch) rm -f "$output" ;; esac
exec "$@" -Wno-unknown-warning-option
