// Measures this machine: the whole of `rondo calibrate` but its words.
#pragma once
#include <functional>
#include <string>
#include <vector>
#include "rondo/machine.h"
#include "rondo/result.h"

namespace rondo::calibrate {

struct Options {
  std::string name;     // of the machine; "": made of the processor's
  bool quick = false;   // a few seconds and a rougher result
  double seconds = 0;   // to take at most, about; 0: 4 quick, 60 otherwise
  bool kernels = true;  // also rates of kernels
  // Called before each step; false ends it.
  std::function<bool(double fraction, const char* what)> progress;
};

struct Calibration {
  Machine machine;
  // What was left out and why, one sentence each: the time was over, or there is one CPU.
  std::vector<std::string> left_out;
};

// kCancelled when progress said so, kDoesNotFit without memory for the working sets.
// Pins threads of its own; the caller's thread is left where it is.
Result<Calibration> measure_machine(const Options& options);

}  // namespace rondo::calibrate
