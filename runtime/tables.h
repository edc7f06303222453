// Index tables of one session: copied, then checked, then put in force.
//
// The check reads the copy, so a host that changes its buffer meanwhile cannot get
// an unchecked entry into a replay. All memory is taken when the session is made.
#pragma once
#include <cstdint>
#include <vector>
#include "rondo/schedule.h"
#include "runtime/memory.h"

namespace rondo::runtime {

// Memory one table takes: the entries in force, a copy to check, and, where the
// entries must differ, room to sort them.
uint64_t table_bytes(const Binding& binding);

class Table {
 public:
  // kInvalidSchedule for an element type that holds no index.
  static Result<Table> make(const std::shared_ptr<Core>& core, const Binding& binding, const std::string& what);

  // The old entries stay in force when a new one is refused.
  Status set(const void* entries);

  bool is_set() const { return is_set_; }
  std::byte* data() const { return in_force_.data(); }
  uint64_t bytes() const { return in_force_.bytes(); }

 private:
  Binding binding_;
  std::string what_;  // "table 't'"
  Block in_force_, copy_, sorted_;
  bool is_set_ = false;
};

}  // namespace rondo::runtime
