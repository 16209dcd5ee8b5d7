# The cases of all ops: compiled once for this folder's program, and again by tests/gpu where GoogleTest is not used.
# A file named after an op is found by that name; files that hold a family are named here.
set(ATH_KERNEL_CASE_SOURCES "")
foreach(source ops/elementwise_test ops/conv_test ops/norm_test ops/narrow_on_device_test ops/random_test ops/reduce_test ops/step_values_test
               support/narrow_twin support/numeric_gradient support/op_case support/op_memory support/tolerance)
  list(APPEND ATH_KERNEL_CASE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/${source}.cpp)
endforeach()
get_property(ath_ops GLOBAL PROPERTY ATH_OPS)
foreach(op IN LISTS ath_ops)
  if(EXISTS ${CMAKE_CURRENT_LIST_DIR}/ops/${op}_test.cpp)
    list(APPEND ATH_KERNEL_CASE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/ops/${op}_test.cpp)
  endif()
endforeach()
