#include "tests/chaos/result_table.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/child.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;

constexpr size_t kColumns = 5;
using Row = std::array<std::string, kColumns>;

fs::path RowDirectory() { return fs::path(CHAOS_OUTPUT_DIRECTORY) / "rows"; }

// The order of a life; what is not a phase comes last.
int Rank(const std::string& phase) {
  const std::vector<std::string> order = {
      "before launch", "waiting-for-port", "waiting-for-ready",
      "connecting",    "running",          "backing-off, child lives",
      "backing-off",   "repairing",        "terminating",
      "restart-delay"};
  const auto found = std::find(order.begin(), order.end(), phase);
  return static_cast<int>(found - order.begin());
}

std::vector<Row> ReadRows() {
  std::vector<Row> rows;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(RowDirectory(), ignored)) {
    Row row;
    const std::vector<std::string> cells =
        absl::StrSplit(ReadFile(entry.path()), '\t');
    std::copy_n(cells.begin(), std::min(cells.size(), kColumns), row.begin());
    rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::pair(Rank(a[1]), a) < std::pair(Rank(b[1]), b);
  });
  return rows;
}

}  // namespace

void KeepResult(const std::string& test_name, const Result& result) {
  fs::create_directories(RowDirectory());
  std::string name = test_name;
  std::replace(name.begin(), name.end(), '/', '.');
  std::ofstream(RowDirectory() / name)
      << result.fault << '\t' << result.phase << '\t' << result.expected << '\t'
      << result.seen << '\t'
      << absl::StrFormat("%.1f s",
                         static_cast<double>(result.took.count()) / 1000);
}

std::string ResultTable() {
  std::vector<Row> rows = ReadRows();
  rows.insert(rows.begin(),
              Row{"fault", "phase", "expected", "seen", "time to recover"});
  std::array<size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string table;
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) {
      absl::StrAppend(&table, i == 0 ? "" : " | ", row[i],
                      std::string(widths[i] - row[i].size(), ' '));
    }
    table.erase(table.find_last_not_of(' ') + 1);
    table += "\n";
  }
  fs::create_directories(CHAOS_OUTPUT_DIRECTORY);
  std::ofstream(fs::path(CHAOS_OUTPUT_DIRECTORY) / "table.txt") << table;
  return table;
}

}  // namespace clawplane::testing
