// The architecture as tests: who may include whom, how large a file or function may grow, what no library may call,
// and that every folder says what it is for.
#include "tests/gates/source_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace athanor::gates {
namespace {

const std::filesystem::path kRoot = ATH_SOURCE_DIR;
const std::vector<std::string> kProductFolders = {"kernels", "core", "widgets", "app"};
constexpr int kMaximumFileLines = 600;
constexpr int kMaximumFunctionLines = 90;

// "core/journal" for core/journal/writer.h, "kernels/base" for kernels/base/view.h, "core" for core/x.h.
std::string room_of(const std::string& path) {
  const auto first = path.find('/');
  if (first == std::string::npos) return "";
  const auto second = path.find('/', first + 1);
  return second == std::string::npos ? path.substr(0, first) : path.substr(0, second);
}

// Lines "room: allowed allowed …" from layers.txt; a folder name allows every room inside it.
std::map<std::string, std::vector<std::string>> read_layers() {
  std::map<std::string, std::vector<std::string>> layers;
  std::ifstream in(kRoot / "tests/gates/layers.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto colon = line.find(':');
    std::istringstream words(line.substr(colon + 1));
    auto& allowed = layers[line.substr(0, colon)];
    for (std::string word; words >> word;) allowed.push_back(word);
  }
  return layers;
}

// Lines "path[:function word] limit reason…" from size_exceptions.txt.
std::map<std::string, int> read_exceptions() {
  std::map<std::string, int> exceptions;
  std::ifstream in(kRoot / "tests/gates/size_exceptions.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string what, reason;
    int limit = 0;
    words >> what >> limit;
    std::getline(words, reason);
    EXPECT_GT(reason.size(), 10U) << "tests/gates/size_exceptions.txt: " << what << " needs a reason";
    exceptions[what] = limit;
  }
  return exceptions;
}

bool allows(const std::vector<std::string>& allowed, const std::string& room) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& one) { return room == one || room.starts_with(one + "/"); });
}

bool is_project_path(const std::string& target) {
  return std::any_of(kProductFolders.begin(), kProductFolders.end(),
                     [&](const std::string& folder) { return target.starts_with(folder + "/"); });
}

TEST(Gates, Layering) {
  const auto layers = read_layers();
  ASSERT_FALSE(layers.empty());
  for (const auto& file : read_sources(kRoot, kProductFolders)) {
    const auto room = room_of(file.path);
    const auto rule = layers.find(room);
    ASSERT_NE(rule, layers.end()) << file.path << ": tests/gates/layers.txt has no line for " << room;
    for (const auto& include : includes(file.text)) {
      const auto place = file.path + ":" + std::to_string(include.line) + ": ";
      if (include.quoted) {
        EXPECT_TRUE(std::filesystem::exists(kRoot / include.target) || include.target.ends_with(".moc"))
            << place << "includes must be relative to the repository root: " << include.target;
      }
      if (!is_project_path(include.target)) continue;
      const auto target = room_of(include.target);
      EXPECT_TRUE(target == room || allows(rule->second, target))
          << place << room << " may not include " << include.target;
    }
  }
}

// Names of foreign libraries and the only folders whose public headers may show them.
TEST(Gates, ForeignTypesStayInTheFolderThatWrapsThem) {
  const std::map<std::string, std::string> homes = {{"Q[A-Z]|Qt", "widgets|app"},
                                                    {"SQLiteCpp|sqlite3", "core/store|core/import/mlflow_database"},
                                                    {"opencv2", "core/data"},
                                                    {"cuda|cublas|cudnn|nccl", "kernels"},
                                                    {"oneapi|dnnl", "kernels"},
                                                    {"libssh", "core/remote"},
                                                    {"hb\\.h|hb-|librsvg|pugixml", "core/data"}};
  for (const auto& file : read_sources(kRoot, kProductFolders)) {
    for (const auto& include : includes(file.text)) {
      if (include.quoted) continue;
      for (const auto& [library, home] : homes) {
        if (!std::regex_search(include.target, std::regex("^(" + library + ")"))) continue;
        EXPECT_TRUE(std::regex_search(file.path, std::regex("^(" + home + ")")) ||
                    (library.starts_with("cuda") && file.path.starts_with("core/memory/")) ||
                    (include.target == "nccl.h" && file.path.starts_with("core/comm/nccl_")))
            << file.path << ":" << include.line << ": <" << include.target << "> belongs to " << home;
      }
    }
  }
}

TEST(Gates, SizeBudget) {
  const auto exceptions = read_exceptions();
  auto folders = kProductFolders;
  folders.push_back("tests");
  for (const auto& file : read_sources(kRoot, folders)) {
    const auto limit = exceptions.contains(file.path) ? exceptions.at(file.path) : kMaximumFileLines;
    EXPECT_LE(count_lines(file.text), limit) << file.path;
    for (const auto& function : functions(file.text)) {
      int function_limit = kMaximumFunctionLines;
      for (const auto& [what, allowed] : exceptions) {
        const auto colon = what.find(':');
        if (colon != std::string::npos && what.substr(0, colon) == file.path &&
            function.head.find(what.substr(colon + 1)) != std::string::npos)
          function_limit = allowed;
      }
      EXPECT_LE(function.lines, function_limit) << file.path << ":" << function.first_line << ": " << function.head;
    }
  }
}

TEST(Gates, BannedWords) {
  const std::regex banned(R"((^|[^\w:.>])((std::)?(exit|abort|_exit|quick_exit|printf|puts|system)|assert)\s*\()");
  for (const auto& file : read_sources(kRoot, kProductFolders)) {
    if (file.path.ends_with("main.cpp")) continue;
    const auto code = blank_non_code(file.text);
    for (std::sregex_iterator match(code.begin(), code.end(), banned), end; match != end; ++match) {
      const auto line = 1 + std::count(code.begin(), code.begin() + match->position(2), '\n');
      ADD_FAILURE() << file.path << ":" << line << ": libraries must not call " << match->str(2);
    }
  }
}

TEST(Gates, DeviceCodeOnlyInCudaFiles) {
  for (const auto& file : read_sources(kRoot, kProductFolders)) {
    if (file.path.ends_with(".cu") || file.path.ends_with(".cuh")) continue;
    EXPECT_EQ(blank_non_code(file.text).find("__global__"), std::string::npos) << file.path;
  }
}

TEST(Gates, EveryFolderHasAReadme) {
  std::set<std::filesystem::path> folders;
  for (const auto* top : {"app", "core", "kernels", "widgets", "resources", "experiments", "tests", "installer"}) {
    folders.insert(kRoot / top);
    for (const auto& entry : std::filesystem::directory_iterator(kRoot / top))
      if (entry.is_directory()) folders.insert(entry.path());
  }
  for (const auto& folder : folders) {
    const auto readme = folder / "README.md";
    ASSERT_TRUE(std::filesystem::exists(readme)) << readme;
    std::ifstream in(readme);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    EXPECT_GT(text.size(), 80U) << readme << " says nothing";
    // experiments/README.md is generated: the reference of every recipe field.
    if (folder.filename() != "experiments") {
      EXPECT_LE(count_lines(text), 80) << readme << " is longer than a page";
    }
  }
}

TEST(SourceTree, MeasuresFunctionsThroughStringsCommentsAndLambdas) {
  const std::string text =
      "namespace a {\n"
      "// void no() {\n"
      "struct S {\n"
      "  int f() const { return 1; }\n"
      "};\n"
      "void g(int x) {\n"
      "  const char* s = \"}\";\n"
      "  auto h = [&](int y) {\n"
      "    return y;\n"
      "  };\n"
      "}\n"
      "}\n";
  const auto found = functions(text);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].lines, 1);
  EXPECT_EQ(found[1].first_line, 6);
  EXPECT_EQ(found[1].lines, 6);
}

TEST(SourceTree, FindsIncludesWithTheirLines) {
  const auto found = includes("#pragma once\n#include <vector>\n  # include \"core/base/result.h\"\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].line, 3);
  EXPECT_TRUE(found[1].quoted);
  EXPECT_EQ(found[1].target, "core/base/result.h");
}

}  // namespace
}  // namespace athanor::gates
