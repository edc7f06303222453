// What the process answers with. Documented in every --help and in docs/cli.md.
#pragma once
#include "rondo/result.h"

namespace rondo::cli {

enum ExitCode : int {
  kGood = 0,
  kBad = 1,       // the thing checked is bad: an invalid graph, a refuted schedule, a result out of bounds
  kUsage = 2,     // the command itself is wrong: unknown option, missing input
  kCannot = 3,    // file, device, permission, memory: what was asked for cannot be done here
  kSkipped = 77,  // nothing to do on this machine
  kInterrupted = 130,
};

// The exit code that belongs to a library error.
constexpr ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidSchedule:
    case ErrorCode::kInvalidGraph:
    case ErrorCode::kInvalidMachine:
    case ErrorCode::kTooComplex:
      return kBad;
    case ErrorCode::kInvalidArgument:
      return kUsage;
    case ErrorCode::kCancelled:
      return kInterrupted;
    case ErrorCode::kDoesNotFit:
    case ErrorCode::kUnavailable:
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kNotFound:
    case ErrorCode::kIo:
    case ErrorCode::kBug:
      return kCannot;
  }
  return kCannot;
}

}  // namespace rondo::cli
