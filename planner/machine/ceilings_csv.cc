// The figures of a machine as a table for other tools.
#include <charconv>

#include "rondo/machine.h"

namespace rondo {
namespace {

std::string number(double value) {
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// RFC 4180: quoted where it must be.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string ceilings_csv(const Machine& machine) {
  std::string csv = "device,kind,name,unit,value,low,high,source,method,threads,clock_mhz,when\n";
  const std::string& device = machine.measured.cpu.empty() ? machine.name : machine.measured.cpu;
  for (const Figure& figure : machine.figures)
    csv += cell(device) + "," + std::string(name_of(figure.kind)) + "," + figure.name + "," +
           std::string(unit_of(figure.kind)) + "," + number(figure.value) + "," + number(figure.low) + "," +
           number(figure.high) + "," + std::string(name_of(figure.source)) + "," + cell(figure.method) + "," +
           std::to_string(figure.threads) + "," + (figure.clock_mhz != 0 ? number(figure.clock_mhz) : "") + "," +
           cell(machine.measured.when) + "\n";
  return csv;
}

}  // namespace rondo
