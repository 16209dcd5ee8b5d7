// Stands in for NCCL between threads of one process that each have an emulated device. A message waits on its stream
// until its other end has come, and nothing is copied before; what was called in one group goes at once, but only once
// ncclCommGetAsyncError() was asked a few times: what is asked of an end meanwhile is refused. Only what core/comm
// uses.
#pragma once

#include "tests/gpu/emulation/cuda_runtime_api.h"

#include <climits>

#include <cstddef>

enum ncclResult_t { ncclSuccess, ncclSystemError, ncclInvalidUsage, ncclRemoteError, ncclInProgress };
enum ncclDataType_t { ncclUint8 };

struct ncclUniqueId {
  char internal[128];
};
struct ncclConfig_t {
  int blocking;
};
#define NCCL_CONFIG_INITIALIZER \
  { INT_MIN }

using ncclComm_t = struct ncclComm*;

ncclResult_t ncclGetVersion(int* version);
ncclResult_t ncclGetUniqueId(ncclUniqueId* id);
// Only without blocking: ends that wait for each other here could not be told to stop.
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank, ncclConfig_t* config);
ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state);
ncclResult_t ncclCommFinalize(ncclComm_t comm);
ncclResult_t ncclCommDestroy(ncclComm_t comm);
ncclResult_t ncclCommAbort(ncclComm_t comm);
const char* ncclGetErrorString(ncclResult_t result);
const char* ncclGetLastError(ncclComm_t comm);

ncclResult_t ncclGroupStart();
ncclResult_t ncclGroupEnd();
// Only in a group.
ncclResult_t ncclSend(const void* data, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream);
ncclResult_t ncclRecv(void* data, std::size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream);

namespace athanor::emulation {

struct NcclCounts {
  int ends = 0;         // that exist
  int aborted = 0;      // so far
  long long bytes = 0;  // that were carried so far
};
[[nodiscard]] NcclCounts& nccl_counts();
// From now on the end of `rank` in every group says that its network is at fault; negative: none.
void break_nccl_of(int rank);

}  // namespace athanor::emulation
