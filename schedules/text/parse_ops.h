// Op lines to records: the part of the text form that is long.
#pragma once
#include <string_view>
#include <vector>
#include "rondo/contract.h"
#include "rondo/schedule.h"
#include "schedules/text/line.h"
#include "schedules/text/name_table.h"
#include "schedules/text/references.h"

namespace rondo {

class OpReader {
 public:
  // Everything but streams, ops, operands and labels is already in the schedule.
  // Kernels that no line of the file lists are added as ops name them.
  OpReader(Schedule& schedule, NameTable& names);

  // Appends one op. On false the line says what was wrong and nothing was appended.
  bool read(Line& line);

 private:
  struct KernelInfo {
    std::string_view name;
    const Contract* contract;
  };

  // What one line has given so far.
  struct Draft {
    const Contract* contract = nullptr;  // nullptr: sync
    Op op;
    Operand operands[kMaxOperands];
    OperandLabel labels[kMaxOperands];
    const char* access_given[kMaxOperands] = {};  // where an access is written out
    uint32_t slots_given = 0, params_given = 0;   // bit sets
    bool wait = false, signal = false, phase = false, policy = false;
  };

  bool kernel(Line& line, Draft& draft);
  bool item(Line& line, Draft& draft);
  bool operand(Line& line, Draft& draft, uint32_t slot, const char* key_start);
  bool label(Line& line, OperandLabel& label);
  bool param(Line& line, Draft& draft, uint32_t index, const char* key_start);
  bool slot_of(Line& line, const Contract* contract, std::string_view key, uint32_t& slot) const;
  bool waits(Line& line, Op& op);
  bool signals(Line& line, Op& op);
  bool token(Line& line, uint32_t& token);
  bool unknown(Line& line, const Draft& draft, const char* start, std::string_view word) const;

  Schedule& schedule_;
  NameTable& names_;
  References bases_, phases_;
  std::vector<KernelInfo> kernels_;
};

}  // namespace rondo
