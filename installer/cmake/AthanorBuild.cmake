# Compiler settings and the four functions every CMakeLists.txt below uses:
#   athanor_library(NAME SOURCES … [PUBLIC …] [PRIVATE …] [PCH header …])
#   athanor_program(NAME SOURCES … LINK …)      lands in build/<preset>/bin
#   athanor_test(NAME SOURCES … LINK … [LABELS …])   one GoogleTest executable, discovered case by case;
#                                               LABELS sanitized: also built and run under the sanitizers by .ci/run
#   athanor_benchmark(NAME SOURCES … LINK …)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(ATH_CCACHE ccache)
if(ATH_CCACHE)
  # Precompiled headers need these two allowances; the base directory lets checkouts share results.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ATH_CCACHE})
endif()

add_library(ath_flags INTERFACE)
target_include_directories(ath_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(ath_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast -fno-math-errno
    -Wno-restrict>  # GCC 12 sees an overlap in every "text" + std::string (its bug 105651)
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${ATH_WERROR}>>:-Werror>)
if(ATH_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ath_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()
if(ATH_SANITIZE)
  target_compile_options(ath_flags INTERFACE -fsanitize=${ATH_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(ath_flags INTERFACE -fsanitize=${ATH_SANITIZE})
endif()

add_custom_target(sanitized_tests)

function(athanor_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE;PCH" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ath_flags ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  if(arg_PCH)
    target_precompile_headers(${name} PRIVATE ${arg_PCH})
  endif()
endfunction()

function(athanor_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ath_flags ${arg_LINK})
endfunction()

function(athanor_test name)
  cmake_parse_arguments(arg "OWN_MAIN" "TIMEOUT" "SOURCES;LINK;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ath_flags ${arg_LINK} GTest::gmock)
  if(NOT arg_OWN_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gmock_main)
  endif()
  if(TARGET ath_test_pch AND NOT arg_OWN_MAIN)
    target_precompile_headers(${name} REUSE_FROM ath_test_pch)
  endif()
  target_compile_definitions(${name} PRIVATE ATH_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ATH_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if("sanitized" IN_LIST arg_LABELS)
    add_dependencies(sanitized_tests ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}" ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()

function(athanor_benchmark name)
  if(NOT ATH_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/benchmarks)
  target_link_libraries(${name} PRIVATE ath_flags ${arg_LINK})
endfunction()
