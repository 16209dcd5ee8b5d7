// waiting_run FOLDER [STEPS] [MILLISECONDS]: a run directory of 8 ranks to look at; milliseconds of the F of a stage.
#include "tests/core/timeline/waiting_run.h"

#include <iostream>
#include <string>

int main(int count, char** words) {
  if (count < 2) {
    std::cerr << "waiting_run FOLDER [STEPS] [MILLISECONDS]\n";
    return 2;
  }
  const int steps = count > 2 ? std::stoi(words[2]) : 12;
  const double forward_ms = count > 3 ? std::stod(words[3]) : 5;
  athanor::timeline::test::write_waiting_run(words[1], athanor::timeline::test::eight_ranks(forward_ms * 1e6, steps));
  return 0;
}
