# The cases of all ops: compiled once for this folder's program, and again by tests/gpu where GoogleTest is not used.
set(ATH_KERNEL_CASE_SOURCES "")
foreach(source ops/attention_test ops/conv_test ops/elementwise_test ops/linear_test ops/loss_test ops/norm_test
               ops/random_test ops/reduce_test support/numeric_gradient support/op_case support/op_memory
               support/tolerance)
  list(APPEND ATH_KERNEL_CASE_SOURCES ${CMAKE_CURRENT_LIST_DIR}/${source}.cpp)
endforeach()
