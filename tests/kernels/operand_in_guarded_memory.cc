#include "tests/kernels/operand_in_guarded_memory.h"

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include "rondo/footprint.h"

namespace rondo::testing {
namespace {

constexpr int64_t kMargin = 256;  // canaries beside the box, on the side of no page

// Not a number, whichever four of the bytes are read.
constexpr std::byte kCanary{0xff};

// `inner` readable bytes between two unreadable pages. Kept for the next operand
// of the same size: most of a test's time would be the kernel's page tables.
class GuardedPages {
 public:
  std::byte* take(int64_t inner) {
    std::vector<std::byte*>& kept = kept_[inner];
    if (!kept.empty()) {
      std::byte* pages = kept.back();
      kept.pop_back();
      return pages;
    }
    const int64_t page = sysconf(_SC_PAGESIZE);
    void* mapping = mmap(nullptr, static_cast<size_t>(inner + 2 * page), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) std::abort();
    std::byte* pages = static_cast<std::byte*>(mapping) + page;
    if (mprotect(pages, static_cast<size_t>(inner), PROT_READ | PROT_WRITE) != 0) std::abort();
    return pages;
  }
  void give_back(std::byte* pages, int64_t inner) { kept_[inner].push_back(pages); }

 private:
  std::map<int64_t, std::vector<std::byte*>> kept_;
};

GuardedPages& guarded_pages() {
  static GuardedPages pages;
  return pages;
}

}  // namespace

GuardedOperand::GuardedOperand(const View& view, Placement placement, int64_t shift_bytes) : view_(view) {
  span_ = static_cast<int64_t>(*span_bytes(view));
  element_bytes_ = static_cast<int64_t>(size_of(static_cast<DType>(view.dtype)));
  const int64_t page = sysconf(_SC_PAGESIZE);
  inner_bytes_ = (span_ + kMargin + shift_bytes + page - 1) / page * page;
  pages_ = guarded_pages().take(inner_bytes_);
  if (placement == Placement::kEndsAtUnreadablePage) {
    data_ = pages_ + inner_bytes_ - span_ - shift_bytes;
    margin_before_ = kMargin;
    margin_after_ = shift_bytes;
  } else {
    data_ = pages_ + shift_bytes;
    margin_before_ = shift_bytes;
    margin_after_ = kMargin;
  }
  std::memset(data_ - margin_before_, static_cast<int>(kCanary),
              static_cast<size_t>(margin_before_ + span_ + margin_after_));

  in_box_.assign(static_cast<size_t>(span_), false);
  int64_t extent[kMaxRank] = {1, 1, 1, 1};
  for (uint32_t axis = 0; axis < view.rank; ++axis) extent[axis] = view.extent[axis];
  const int64_t block = view.block_rows * view.block_columns;
  for (int64_t i = 0; i < extent[0]; ++i)
    for (int64_t j = 0; j < extent[1]; ++j)
      for (int64_t k = 0; k < extent[2]; ++k)
        for (int64_t l = 0; l < extent[3]; ++l)
          for (int64_t e = 0; e < block; ++e) {
            const int64_t offset = i * view.stride_bytes[0] + j * view.stride_bytes[1] + k * view.stride_bytes[2] +
                                   l * view.stride_bytes[3] + e * element_bytes_;
            offsets_.push_back(offset);
            for (int64_t byte = 0; byte < element_bytes_; ++byte) in_box_[static_cast<size_t>(offset + byte)] = true;
          }
}

GuardedOperand::~GuardedOperand() { guarded_pages().give_back(pages_, inner_bytes_); }

float GuardedOperand::get(uint64_t element) const {
  float value;
  std::memcpy(&value, data_ + offsets_[element], sizeof value);
  return value;
}

void GuardedOperand::set(uint64_t element, float value) {
  std::memcpy(data_ + offsets_[element], &value, sizeof value);
}

double GuardedOperand::get_double(uint64_t element) const {
  double value;
  std::memcpy(&value, data_ + offsets_[element], sizeof value);
  return value;
}

void GuardedOperand::set_double(uint64_t element, double value) {
  std::memcpy(data_ + offsets_[element], &value, sizeof value);
}

std::vector<float> GuardedOperand::values() const {
  std::vector<float> values(size());
  for (uint64_t i = 0; i < size(); ++i) values[i] = get(i);
  return values;
}

void GuardedOperand::fill(const std::vector<float>& values) {
  for (uint64_t i = 0; i < size(); ++i) set(i, values[i]);
}

void GuardedOperand::fill_bytes(std::mt19937& random) {
  for (int64_t i = 0; i < span_; ++i)
    if (in_box_[static_cast<size_t>(i)]) data_[i] = static_cast<std::byte>(random());
}

void GuardedOperand::set_index(uint64_t element, int64_t value) {
  std::memcpy(data_ + offsets_[element], &value, static_cast<size_t>(element_bytes_));  // little-endian
}

bool GuardedOperand::same_bits(const GuardedOperand& other) const {
  for (uint64_t i = 0; i < size(); ++i)
    if (std::memcmp(data_ + offsets_[i], other.data_ + other.offsets_[i], static_cast<size_t>(element_bytes_)) != 0)
      return false;
  return true;
}

void GuardedOperand::remember() { remembered_.assign(data_, data_ + span_); }

std::optional<int64_t> GuardedOperand::first_damage() const {
  for (int64_t i = -margin_before_; i < span_ + margin_after_; ++i) {
    const bool inside = i >= 0 && i < span_ && in_box_[static_cast<size_t>(i)];
    if (inside && remembered_.empty()) continue;
    if (data_[i] != (inside ? remembered_[static_cast<size_t>(i)] : kCanary)) return i;
  }
  return std::nullopt;
}

View box(const std::vector<uint32_t>& extent, const std::vector<int64_t>& stride, DType dtype) {
  View view;
  view.rank = static_cast<uint8_t>(extent.size());
  view.dtype = static_cast<uint8_t>(dtype);
  const int64_t size = static_cast<int64_t>(size_of(dtype));
  int64_t dense = size;
  for (uint32_t axis = view.rank; axis-- > 0;) {
    view.extent[axis] = extent[axis];
    view.stride_bytes[axis] = stride.empty() ? dense : stride[axis] * size;
    dense *= std::max<int64_t>(extent[axis], 1);
  }
  return view;
}

View panels(uint32_t k, uint32_t n, uint16_t width, int64_t k_stride_bytes, int64_t panel_stride_bytes) {
  View view;
  view.rank = 2;
  view.layout = static_cast<uint8_t>(Layout::kPanels);
  view.block_columns = width;
  view.extent[0] = (n + width - 1) / width;
  view.extent[1] = k;
  view.stride_bytes[1] = k_stride_bytes != 0 ? k_stride_bytes : width * 4;
  view.stride_bytes[0] = panel_stride_bytes != 0 ? panel_stride_bytes : view.stride_bytes[1] * std::max<int64_t>(k, 1);
  return view;
}

uint64_t element_of(const View& b, uint32_t k, uint32_t n) {
  if (static_cast<Layout>(b.layout) != Layout::kPanels) return uint64_t{k} * b.extent[1] + n;
  return (uint64_t{n / b.block_columns} * b.extent[1] + k) * b.block_columns + n % b.block_columns;
}

}  // namespace rondo::testing
