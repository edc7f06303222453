// S05: each sum takes each k once and is finished; outputs and state end finished.
#include "schedules/verify/faithful/contraction.h"
#include "schedules/verify/faithful/rule_list.h"

#include <map>

namespace rondo::proof {
namespace {

// One sum over k, from its `init` to its `final`.
struct Sum {
  uint32_t first_op = 0;
  uint32_t a = 0, b = 0;  // operands of its first op
  uint64_t whole = 0;
  std::map<uint64_t, uint64_t> taken;  // disjoint ranges of k, adjacent ones joined: low -> end
  bool reported = false;
};

class SumsAndOutputsAreCovered : public ValueObserver {
 public:
  explicit SumsAndOutputsAreCovered(Facts& facts) : facts_(facts), sum_of_(facts.schedule.operands.size(), kNone) {}

  void op(uint32_t op) override {
    const Contract* contract = facts_.contract(op);
    current_ = kNone;
    if (contract == nullptr || contract->values != ValueRule::kProduct) return;
    const Op& full = facts_.schedule.ops[op];
    uint32_t a = full.first_operand, c = a + 2;
    for (uint32_t operand : {a, a + 1, c})
      if (facts_.value(operand) == nullptr || !facts_.label_holds(operand)) return;
    check_version(op, full, c);
    if ((full.flags & kOpInit) == 0) {
      current_ = op;  // continued by its reading of c
      return;
    }
    sum_of_[c] = static_cast<uint32_t>(sums_.size());
    Sum& sum = sums_.emplace_back();
    sum.first_op = op;
    sum.a = a;
    sum.b = a + 1;
    if (std::optional<KRange> k = k_range(facts_.schedule, a, 1)) sum.whole = k->whole;
    take(op, sum);
  }

  void reading(const Reading& reading) override {
    if (reading.op != current_ || reading.writer == kNone || reading.agreement != Agreement::kYes) return;
    const Op& full = facts_.schedule.ops[reading.op];
    if (reading.operand != full.first_operand + 2 || sum_of_[reading.writer] == kNone) return;
    current_ = kNone;
    sum_of_[reading.operand] = sum_of_[reading.writer];
    take(reading.op, sums_[sum_of_[reading.operand]]);
  }

  void output(uint32_t base, uint32_t writer, Agreement agreed) override {
    if (agreed == Agreement::kYes) return;
    if (writer != kNone) facts_.refute(writer);
    if (!facts_.findings.wants("S05")) return;
    if (writer == kNone) {
      facts_.findings.add("S05", Level::kFaithful, {}, base_name(facts_.schedule, base) + " is not wholly written");
      return;
    }
    uint32_t op = facts_.engine.op_of(writer);
    const Value* written = facts_.value(writer);
    bool own = written != nullptr && facts_.schedule.tensors[facts_.root(*written)].base == base;
    std::string message = base_name(facts_.schedule, base) + " ends with " + facts_.value_text(writer) + " of " +
                          facts_.name(op) + " at byte " + with_commas(facts_.schedule.operands[writer].offset_bytes);
    message += !own                    ? ", which is not of the tensor it holds"
               : written->version != 0 ? ", a sum that is not finished"
                                       : ", which belongs elsewhere in it";
    facts_.findings.add("S05", Level::kFaithful, {op}, message);
  }

 private:
  // `init` makes step 1, each `accumulate` the next, `final` makes the finished value.
  void check_version(uint32_t op, const Op& full, uint32_t c) {
    uint32_t version = facts_.value(c)->version;
    bool final = (full.flags & kOpFinal) != 0, init = (full.flags & kOpInit) != 0;
    if (final ? version == 0 : init ? version == 1 : version >= 2) return;
    facts_.refute(c);
    if (!facts_.findings.wants("S05")) return;
    facts_.findings.add("S05", Level::kFaithful, {op},
                        facts_.name(op) + " calls its result " + facts_.value_text(c) + ", but " +
                            (final  ? "it is the final step, which makes the finished value"
                             : init ? "it is the first step of a sum and not the final one"
                                    : "it continues a sum and is not its final step"));
  }

  void take(uint32_t op, Sum& sum) {
    const Op& full = facts_.schedule.ops[op];
    std::optional<KRange> k = k_range(facts_.schedule, full.first_operand, 1);
    if (!k) return;  // S04 has said so
    if (!same_lines(full.first_operand, sum.a, 1) ||
        !same_lines(full.first_operand + 1, sum.b, k_axis_of_b(facts_.schedule, full.first_operand + 1)))
      report(op, sum,
             facts_.name(op) + " adds " + facts_.value_text(full.first_operand) + " times " +
                 facts_.value_text(full.first_operand + 1) + " to a sum that began with " + facts_.value_text(sum.a) +
                 " times " + facts_.value_text(sum.b));
    if (!insert(sum, k->low, k->end))
      report(op, sum,
             facts_.name(op) + " adds k " + std::to_string(k->low) + ":" + std::to_string(k->end) + " to " +
                 facts_.value_text(full.first_operand + 2) + ", some of which was added before");
    if ((full.flags & kOpFinal) == 0) return;
    bool whole = sum.taken.size() == 1 && sum.taken.begin()->first == 0 && sum.taken.begin()->second == sum.whole;
    if (!whole && !sum.reported)
      report(op, sum,
             facts_.name(op) + " finishes " + facts_.value_text(full.first_operand + 2) + " with k " + taken_text(sum) +
                 " of 0:" + std::to_string(sum.whole));
  }

  // The same tensor and, on all axes but that of k, the same coordinates.
  bool same_lines(uint32_t operand, uint32_t first, uint32_t k_view_axis) const {
    const Value &value = *facts_.value(operand), &other = *facts_.value(first);
    if (value.tensor != other.tensor || !same_motion(facts_.schedule, operand, first)) return false;
    for (uint32_t axis = 0; axis < kMaxRank; ++axis)
      if (axis != value.axis[k_view_axis] &&
          (value.low[axis] != other.low[axis] || value.extent[axis] != other.extent[axis]))
        return false;
    return true;
  }

  // False where part of [low, end) is there already.
  static bool insert(Sum& sum, uint64_t low, uint64_t end) {
    if (low == end) return true;
    auto next = sum.taken.lower_bound(low);
    if (next != sum.taken.end() && next->first < end) return false;
    auto previous = next;
    if (next != sum.taken.begin() && (--previous)->second > low) return false;
    bool joins_next = next != sum.taken.end() && next->first == end;
    bool joins_previous = next != sum.taken.begin() && previous->second == low;
    if (joins_next) {
      end = next->second;
      sum.taken.erase(next);
    }
    if (joins_previous)
      previous->second = end;
    else
      sum.taken.emplace(low, end);
    return true;
  }

  static std::string taken_text(const Sum& sum) {
    std::string text;
    uint32_t listed = 0;
    for (auto [low, end] : sum.taken) {
      if (++listed > 4) return text + ", ...";
      text += (text.empty() ? "" : ", ") + std::to_string(low) + ":" + std::to_string(end);
    }
    return text.empty() ? "nothing" : text;
  }

  void report(uint32_t op, Sum& sum, const std::string& message) {
    sum.reported = true;
    facts_.refute(facts_.schedule.ops[op].first_operand + 2);
    if (!facts_.findings.wants("S05")) return;
    if (op == sum.first_op)
      facts_.findings.add("S05", Level::kFaithful, {op}, message);
    else
      facts_.findings.add("S05", Level::kFaithful, {op, sum.first_op}, message);
  }

  Facts& facts_;
  std::vector<Sum> sums_;
  std::vector<uint32_t> sum_of_;  // per operand that is a c
  uint32_t current_ = kNone;      // the op whose sum is not known yet
};

}  // namespace

const FaithfulRule kSumsAndOutputsAreCovered = {
    {"S05", Level::kFaithful, "each sum takes each k once, and each output element ends finished",
     "The steps of one sum multiply the same rows of `a` with the same columns of `b` over ranges of k that do not "
     "meet; at `final` they cover all of k. `init` makes step 1, each `accumulate` the next one, `final` the finished "
     "value (version 0). When the replay ends, each byte of each output holds the finished element that the tensor "
     "based on the output has there, and so does each byte of a state that the replay has written. To compute a value "
     "twice is legal."},
    [](Facts& facts) -> std::unique_ptr<ValueObserver> { return std::make_unique<SumsAndOutputsAreCovered>(facts); }};

}  // namespace rondo::proof
