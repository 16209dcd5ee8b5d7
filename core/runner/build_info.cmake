# Writes build_info.cpp: version, commit and uncommitted changes. Touches the file only when something changed.
# Run with -DSOURCE_DIR -DOUTPUT -DVERSION.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND git -C ${SOURCE_DIR} diff HEAD -- kernels core experiments CMakeLists.txt
                OUTPUT_VARIABLE difference ERROR_QUIET)
# As bytes, so that nothing in the changes can end the literal. Long ones are cut: the commit still says most.
string(LENGTH "${difference}" length)
if(length GREATER 60000)
  string(SUBSTRING "${difference}" 0 60000 difference)
  string(APPEND difference "\n(cut after 60000 characters)\n")
endif()
file(WRITE ${OUTPUT}.difference "${difference}")
file(READ ${OUTPUT}.difference bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT}.new "#include \"core/runner/provenance.h\"

namespace athanor::runner {
namespace {

constexpr unsigned char kDifference[] = {${bytes}0};

}  // namespace

std::string_view version() { return \"${VERSION}\"; }
std::string_view build_commit() { return \"${commit}\"; }
std::string_view build_difference() { return {reinterpret_cast<const char*>(kDifference), sizeof kDifference - 1}; }

}  // namespace athanor::runner
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
