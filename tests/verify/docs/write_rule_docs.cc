// docs/verifier-rules.md, made from the rule list.
//
//   write_rule_docs ROOT            writes it
//   write_rule_docs ROOT --check    exit 1 if it is not what would be written
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include "rondo/verify.h"

namespace {

std::string rules_page() {
  std::string page =
      "# The verifier's rules\n\n"
      "<!-- Generated from the rule list (verifier_rules() in rondo/verify.h) by tests/verify/docs/write_rule_docs.cc: "
      "do not edit. -->\n\n"
      "In the order they run and findings are listed. A *safe* rule holds for any file that is accepted; *faithful* "
      "rules are\nchecked where a file carries values and claims. What the promise is and why these rules keep it: "
      "[verifier.md](verifier.md).\n\n"
      "| rule | level | what holds |\n|---|---|---|\n";
  const auto name_of = [](rondo::Level level) { return level == rondo::Level::kSafe ? "safe" : "faithful"; };
  for (const rondo::RuleInfo& rule : rondo::verifier_rules())
    page += "| [" + std::string(rule.code) + "](#" + std::string(rule.code) + "-" + name_of(rule.level) + ") | " +
            name_of(rule.level) + " | " + std::string(rule.title) + " |\n";
  for (const rondo::RuleInfo& rule : rondo::verifier_rules())
    page += "\n<a id=\"" + std::string(rule.code) + "-" + name_of(rule.level) + "\"></a>\n## " +
            std::string(rule.code) + ": " + std::string(rule.title) + "\n\n*" + name_of(rule.level) + "* " +
            std::string(rule.detail) + "\n";
  return page;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: write_rule_docs ROOT [--check]\n");
    return 2;
  }
  const std::string path = std::string(argv[1]) + "/docs/verifier-rules.md";
  const std::string page = rules_page();
  if (argc > 2) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (text.str() == page) return 0;
    std::fprintf(stderr, "%s is not what the rule list says: run write_rule_docs %s\n", path.c_str(), argv[1]);
    return 1;
  }
  std::ofstream(path) << page;
  return 0;
}
