// Small schedules that the runtime tests replay, and how they are made to run.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <new>
#include <string>
#include <vector>
#include "rondo/runtime.h"
#include "rondo/schedule.h"
#include "rondo/verify.h"
#include "schedules/builder/builder.h"

namespace rondo::fixtures {

// y = relu(x), f32[rows, columns], where they lie: one op, no arena.
Schedule relu(uint32_t rows = 4, uint32_t columns = 8);

// y = a + b, f32[8, 16], through three tiles of scratch and three streams:
//   in:      copy a -> s0  copy b -> s1
//   compute:                            add s0 s1 -> s2
//   out:                                                copy s2 -> y
Schedule staged_add();

// y = relu(x w + bias): x f32[m, k], constant w packed by `prepare` into arena
// 'packed', constant bias read by every replay.
Schedule packed_matmul(uint32_t m, uint32_t k, uint32_t n);

// cache f32[8, 4] is state; row `pos` (a scalar, 0 to 7) becomes x, then y = cache.
Schedule append_to_state();

// sum f32[16] is state: `count` times sum = sum + x, then y = sum.
Schedule add_to_state(uint32_t count);

// y = rows, an i32[4] table with entries below 10; `distinct`: no entry twice.
Schedule copy_table(bool distinct = false);

// Two schedules in one file. w f32[8, 8] is packed once. 'prefill': state k = x w (all four rows), all = k.
// 'decode': row `pos` of k = next w, last = that row. `pos` is decode's alone.
Schedule prefill_and_decode();

// `count` ops on 16-element tiles of one arena, then y = the last tile.
Schedule chain(uint32_t count);

// Ends the test program with the findings when the schedule is refuted.
VerifiedSchedule proven(Schedule schedule);

// Ends the test program with the message when it is an error.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::cerr << "unexpected error: " << result.error().message << "\n";
    std::abort();
  }
  return std::move(result).value();
}

// "invalid-argument: message"; "ok" without an error.
std::string text_of(const Status& status);
template <class T>
std::string text_of(const Result<T>& result) {
  return result.ok() ? "ok" : std::string(name_of(result.error().code)) + ": " + result.error().message;
}

// Float memory at a chosen distance from a 64-byte boundary.
class AlignedFloats {
 public:
  explicit AlignedFloats(size_t count, size_t beyond_bytes = 0) : count_(count) {
    storage_.resize(count * sizeof(float) + 128);
    const auto address = reinterpret_cast<uintptr_t>(storage_.data());
    data_ = reinterpret_cast<float*>(storage_.data() + (64 - address % 64) + beyond_bytes);
  }
  AlignedFloats(const AlignedFloats&) = delete;
  float* data() { return data_; }
  size_t size() const { return count_; }
  float& operator[](size_t i) { return data_[i]; }
  float* begin() { return data_; }
  float* end() { return data_ + count_; }

 private:
  std::vector<std::byte> storage_;
  size_t count_;
  float* data_;
};

// Small values of both signs, the same for the same seed.
std::vector<float> values(size_t count, uint32_t seed);

}  // namespace rondo::fixtures
