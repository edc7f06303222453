// Writes what of the documentation comes from the code: the generated blocks of
// docs/schedule-format.md, and docs/contracts.md.
//
//   write_docs ROOT           rewrites them
//   write_docs ROOT --check   changes nothing; exit code 1 where one is stale
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include "rondo/contracts.h"
#include "rondo/load.h"
#include "schedules/binary/container.h"
#include "schedules/binary/sections.h"
#include "schedules/structure/names.h"
#include "schedules/structure/sentence.h"
#include "tests/schedules/docs/record_tables.h"

namespace rondo::testing {
namespace {

std::string root;

std::string text_of(const std::string& path) {
  const Result<std::vector<std::byte>> bytes = read_file(path);
  if (!bytes) {
    std::fprintf(stderr, "%s\n", bytes.error().to_string().c_str());
    std::exit(3);
  }
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::string fenced(std::string_view text, std::string_view language) {
  return sentence("```", language, "\n", text, "```\n");
}

// A table cell: '|' would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

// ---- docs/schedule-format.md ----------------------------------------------

std::string print_fields(const RecordText& record) {
  std::string text = "| at | type | field | |\n|---|---|---|---|\n";
  for (const FieldText& field : record.fields)
    text += sentence("| ", field.offset, " | ", field.type, " | ", field.name, " | ", cell(field.what), " |\n");
  return text;
}

std::string print_sections(const std::vector<RecordText>& records) {
  std::string text = "| | code | table | record | bytes a record |\n|---|---|---|---|---|\n";
  for (uint32_t i = 0; i < kSectionCount; ++i) {
    const SectionName& section = kSections[i];
    uint64_t bytes = 0;
    for (const RecordText& record : records)
      if (record.name == section.record) bytes = record.bytes;
    if (section.table == Table::kTarget)
      text += sentence("| ", i, " | META | producer, source, backend, machine, lanes | lines of text | |\n");
    else if (section.table == Table::kNames)
      text += sentence("| ", i, " | STRS | names | text, each name ended by a zero byte | |\n");
    else
      text +=
          sentence("| ", i, " | ", section.code, " | ", section.member, " | ", section.record, " | ", bytes, " |\n");
  }
  return text;
}

// The records in the order of their sections; a record that sections do not name
// (Wait) stands before the first that holds it.
std::string print_records(const std::vector<RecordText>& records) {
  std::string text;
  for (const SectionName& section : kSections) {
    for (const RecordText& record : records) {
      const bool inside = record.name == "Wait" && section.record == "Op";
      if (record.name != section.record && !inside) continue;
      text += sentence("### ", record.name, ": ", record.bytes, " bytes\n\n");
      // The heading has the size; a header's comment that begins with it need not say it twice.
      std::string_view what = record.what;
      const std::string size = sentence(record.bytes, " bytes. ");
      if (what.starts_with(size)) what.remove_prefix(size.size());
      if (!what.empty()) text += sentence(what, "\n\n");
      text += sentence(print_fields(record), "\n");
    }
  }
  return text;
}

std::string print_limits() {
  const std::pair<std::string_view, uint64_t> limits[] = {{"sizes, offsets and strides in bytes, below", kSizeLimit},
                                                          {"spaces", kMaxSpaces},
                                                          {"groups", kMaxGroups},
                                                          {"arenas and bindings together", kMaxBases},
                                                          {"scalars", kMaxScalars},
                                                          {"policies", kMaxPolicies},
                                                          {"phases", kMaxPhases},
                                                          {"streams", kMaxStreams},
                                                          {"rings", kMaxRings},
                                                          {"claims", kMaxClaims},
                                                          {"lanes", kMaxLanes},
                                                          {"operands of one op", kMaxOperands},
                                                          {"axes", kMaxRank},
                                                          {"bytes of a name", kMaxNameBytes}};
  std::string text = "| what | at most |\n|---|---|\n";
  for (const auto& [what, limit] : limits) text += sentence("| ", what, " | ", limit, " |\n");
  return text;
}

std::string print_example() { return fenced(text_of(root + "/tests/schedules/docs/copy_and_relu.yaml"), "yaml"); }

std::string print_canonical_example() {
  const Result<Schedule> schedule = load(root + "/tests/schedules/docs/copy_and_relu.yaml");
  if (!schedule) return sentence("does not load: ", schedule.error().to_string(), "\n");
  return fenced(print_text(*schedule), "yaml");
}

// What is really said for one wrong piece of the example.
std::string print_errors() {
  const std::pair<std::string_view, std::string_view> changes[] = {{"rondo: 1", "rondo: 2"},
                                                                   {"role: input", "role: inptu"},
                                                                   {"relu x", "rleu x"},
                                                                   {"dst=own", "dts=own"},
                                                                   {"y=y+0", "y=z+0"},
                                                                   {"4096:v0 sig", "4096:v1 sig"},
                                                                   {"strides [128, 4]", "strides [128]"},
                                                                   {"lane: 0", "lane: 7"}};
  const std::string example = text_of(root + "/tests/schedules/docs/copy_and_relu.yaml");
  std::string text;
  for (const auto& [piece, other] : changes) {
    std::string changed = example;
    if (const size_t at = changed.find(piece); at != std::string::npos) changed.replace(at, piece.size(), other);
    const Result<Schedule> schedule = parse_text(changed, "copy_and_relu.yaml");
    text += sentence(schedule ? "it loads" : schedule.error().to_string(), "\n");
  }
  return fenced(text, "");
}

std::string print_every_table() {
  return fenced(text_of(root + "/tests/schedules/golden/v1_every_table.yaml"), "yaml");
}

// ---- docs/contracts.md ------------------------------------------------------

std::string print_formula(const Formula& formula) {
  std::string text;
  for (const Term& term : formula) {
    if (term.coefficient == 0) continue;
    text += sentence(text.empty() ? "" : " + ");
    if (term.coefficient != 1) text += sentence(term.coefficient, " ");
    for (uint32_t i = 0; i < word_count(term.factors); ++i)
      text += sentence(i == 0 ? "" : " ", word_at(term.factors, i));
  }
  return text.empty() ? "0" : text;
}

std::string words_of(uint32_t set, bool dtypes) {
  std::string text;
  for (uint32_t bit = 0; bit < (dtypes ? kDTypes.size() : kLayouts.size()); ++bit)
    if (set >> bit & 1) text += sentence(text.empty() ? "" : ", ", dtypes ? kDTypes[bit].name : kLayouts[bit].name);
  return dtypes && set == kAnyDType ? "any" : text;
}

std::string decimal(float number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", static_cast<double>(number));
  return digits;
}

std::string print_contract(const Contract& contract) {
  std::string text = sentence("## ", contract.name, "\n\n", contract.summary,
                              "\n\n| operand | dims | use | dtypes | layouts | |\n|---|---|---|---|---|---|\n");
  static constexpr std::string_view kUses[] = {"read", "written", "work", "hint", "table"};
  for (uint32_t i = 0; i < contract.operand_count; ++i) {
    const OperandContract& operand = contract.operands[i];
    std::string notes;
    const auto note = [&](const auto&... words) { notes += sentence(notes.empty() ? "" : "; ", words...); };
    if (operand.optional) note("may be absent");
    if (operand.unit_inner) note("innermost axis contiguous");
    if (operand.layouts & set_of(Layout::kPanels)) note("panels aligned to ", operand.panel_align);
    if (operand.may_equal >= 0) note("may lie exactly on ", contract.operands[operand.may_equal].name);
    if (operand.spaces != kAnySpace) note("not in every space");
    if (operand.indexed_by >= 0) note("rows chosen by ", contract.operands[operand.indexed_by].name);
    const bool updated = operand.use == Use::kResult && contract.flags & kOpAccumulate;
    text += sentence("| ", operand.name, " | ", operand.dims, " | ", kUses[static_cast<uint8_t>(operand.use)],
                     updated ? ", updated under accumulate" : "", " | ", words_of(operand.dtypes, true), " | ",
                     words_of(operand.layouts, false), " | ", notes, " |\n");
  }
  text += "\n";
  for (const ParamContract& param : contract.params) {
    if (param.kind == ParamKind::kEnum) {
      text += sentence("- parameter `", param.name, "`: one of");
      for (uint32_t i = 0; i < word_count(param.choices); ++i)
        text += sentence(i == 0 ? " `" : ", `", word_at(param.choices, i), "`");
      text += "\n";
    }
    if (param.kind == ParamKind::kF32)
      text += sentence("- parameter `", param.name, "`: a number from ", decimal(param.low), " to ",
                       decimal(param.high), "\n");
  }
  if (contract.flags & (kOpInit | kOpAccumulate))
    text += "- flags: exactly one of `init`, `accumulate`; `final` on the last step\n";
  text += sentence("- floating-point operations: ", print_formula(contract.flops),
                   "\n- bytes touched: ", print_formula(contract.bytes), "\n- hash: `", hex(hash_of(contract)),
                   "` of `", canonical_print(contract), "`\n");
  return text;
}

std::string print_contracts() {
  std::string text =
      "# Kernel contracts\n\n"
      "<!-- Generated from include/rondo/contracts.h by tests/schedules/docs/write_docs.cc: do not edit. -->\n\n"
      "What each kernel promises, and what is legal to ask of it. A schedule names a kernel and the hash of its "
      "contract's\n"
      "meaning; a build whose contract of that name has another hash refuses the file. Equal names of dimensions mean "
      "equal\n"
      "extents; `...` stands for any leading axes, the same for every operand that has it. In formulas `size` is the "
      "bytes of\n"
      "an element, `index` the bytes of a table's entry, `acc` is 1 under `accumulate`, else 0, and `pairs` counts the "
      "keys\n"
      "that the rows of an attention see: m s, or under `mask=causal` those with j <= i + s - m. A table holds indices "
      "of rows;\n"
      "they are clamped to the rows there are. Formulas and summaries are not part of the hash.\n\n";
  for (const Contract& contract : kContracts) text += sentence(print_contract(contract), "\n");
  text.pop_back();
  return text;
}

// ---- Files -----------------------------------------------------------------

// The document with each `<!-- generated: NAME -->` block filled.
std::string filled(std::string document, const std::map<std::string, std::string>& blocks) {
  static constexpr std::string_view kBegin = "<!-- generated: ", kEnd = "<!-- end of generated -->\n";
  for (size_t at = 0; (at = document.find(kBegin, at)) != std::string::npos;) {
    const size_t name_end = document.find(" -->\n", at), content = name_end + 5, end = document.find(kEnd, at);
    if (name_end == std::string::npos || end == std::string::npos) break;
    const std::string name = document.substr(at + kBegin.size(), name_end - at - kBegin.size());
    const auto block = blocks.find(name);
    const std::string text = block == blocks.end() ? "there is no block of this name\n" : block->second;
    document.replace(content, end - content, text);
    at = content + text.size() + kEnd.size();
  }
  return document;
}

// 0 when it is current or now written, 1 when stale under --check, 3 when it cannot be written.
int bring_up_to_date(const std::string& path, const std::string& text, bool check) {
  const Result<std::vector<std::byte>> old = read_file(path);
  const auto bytes = std::as_bytes(std::span(text));
  if (old && std::equal(old->begin(), old->end(), bytes.begin(), bytes.end())) return 0;
  if (check) {
    std::fprintf(stderr, "%s is stale: run write_docs %s\n", path.c_str(), root.c_str());
    return 1;
  }
  const Status status = write_file(path, bytes);
  if (!status) std::fprintf(stderr, "%s\n", status.error().to_string().c_str());
  return status ? 0 : 3;
}

int main_of(int count, char** arguments) {
  if (count < 2 || count > 3 || (count == 3 && std::strcmp(arguments[2], "--check") != 0)) {
    std::fprintf(stderr, "usage: write_docs ROOT [--check]\n");
    return 2;
  }
  root = arguments[1];
  const bool check = count == 3;
  std::vector<RecordText> records = records_of(text_of(root + "/include/rondo/schedule.h"));
  for (RecordText& record : records_of(text_of(root + "/include/rondo/view.h"))) records.push_back(std::move(record));
  const std::vector<RecordText> container = records_of(text_of(root + "/schedules/binary/container.h"));
  int result = 0;
  // The fields that were read as text are those that the compiler sees.
  Schedule schedule;
  for_each_table(schedule, [&](Table table, const auto& table_records) {
    const std::string_view name = kSections[static_cast<size_t>(table)].record;
    uint64_t bytes = 0;
    for (const RecordText& record : records)
      if (record.name == name) bytes = record.bytes;
    const uint64_t real = sizeof(typename std::decay_t<decltype(table_records)>::value_type);
    if (bytes == real) return;
    std::fprintf(stderr, "record %.*s: %llu bytes in the header's text, %llu in the program\n",
                 static_cast<int>(name.size()), name.data(), static_cast<unsigned long long>(bytes),
                 static_cast<unsigned long long>(real));
    result = 1;
  });
  std::map<std::string, std::string> blocks{{"sections", print_sections(records)},
                                            {"records", print_records(records)},
                                            {"limits", print_limits()},
                                            {"example", print_example()},
                                            {"canonical example", print_canonical_example()},
                                            {"errors", print_errors()},
                                            {"every table", print_every_table()}};
  for (const RecordText& record : container) blocks[record.name] = print_fields(record);
  const std::string format = root + "/docs/schedule-format.md";
  result = std::max(result, bring_up_to_date(format, filled(text_of(format), blocks), check));
  return std::max(result, bring_up_to_date(root + "/docs/contracts.md", print_contracts(), check));
}

}  // namespace
}  // namespace rondo::testing

int main(int count, char** arguments) { return rondo::testing::main_of(count, arguments); }
