// One operand of a kernel under test: a view over memory that lies between two
// unreadable pages, with a canary in every byte that is not of the box.
//
// A kernel that touches a byte beyond the guarded end dies; one that writes into
// a gap or beside the box is told by `first_damage`; one that reads a gap gets
// canaries, which are NaN.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>
#include "rondo/view.h"

namespace rondo::testing {

enum class Placement { kEndsAtUnreadablePage, kBeginsAfterUnreadablePage };

class GuardedOperand {
 public:
  GuardedOperand(const View& view, Placement placement, int64_t shift_bytes = 0);
  ~GuardedOperand();
  GuardedOperand(const GuardedOperand&) = delete;
  GuardedOperand& operator=(const GuardedOperand&) = delete;

  const View& view() const { return view_; }
  std::byte* data() { return data_; }

  // Elements of the box in the order of the view, blocks row by row: the order is
  // the same for equal extents, whatever the strides.
  const std::vector<int64_t>& offsets() const { return offsets_; }
  uint64_t size() const { return offsets_.size(); }
  float get(uint64_t element) const;
  void set(uint64_t element, float value);
  double get_double(uint64_t element) const;  // of f64
  void set_double(uint64_t element, double value);
  std::vector<float> values() const;
  void fill(const std::vector<float>& values);
  void fill_bytes(std::mt19937& random);            // any element type
  void set_index(uint64_t element, int64_t value);  // of an integer type
  bool same_bits(const GuardedOperand& other) const;

  // What is in the box now becomes what the box must hold later (sources).
  void remember();
  // A byte outside the box, or of a remembered box, that changed: its offset.
  std::optional<int64_t> first_damage() const;

 private:
  View view_;
  int64_t span_ = 0;
  int64_t element_bytes_ = 4;
  std::byte* pages_ = nullptr;
  int64_t inner_bytes_ = 0;
  std::byte* data_ = nullptr;
  int64_t margin_before_ = 0, margin_after_ = 0;
  std::vector<int64_t> offsets_;
  std::vector<bool> in_box_;
  std::vector<std::byte> remembered_;
};

// A box of f32; strides in elements, outermost first; dense where empty.
View box(const std::vector<uint32_t>& extent, const std::vector<int64_t>& stride = {}, DType dtype = DType::kF32);
// Panels for a k x n matrix; strides in bytes, 0 where dense.
View panels(uint32_t k, uint32_t n, uint16_t width, int64_t k_stride_bytes = 0, int64_t panel_stride_bytes = 0);
// Where element (k, n) of a right operand is in GuardedOperand::offsets.
uint64_t element_of(const View& b, uint32_t k, uint32_t n);

}  // namespace rondo::testing
