// fill_history HOME RUNS [--done]: a history to look at and to measure the window with.
#include "tests/app/filled_history.h"

#include <exception>
#include <iostream>
#include <string>

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "fill_history HOME RUNS [--done]\n";
    return 2;
  }
  try {
    athanor::app::Filling filling;
    filling.runs = std::stoi(words[2]);
    filling.rich_is_live = count < 4;
    std::cout << athanor::app::fill_history(words[1], filling) << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "fill_history: " << error.what() << '\n';
    return 1;
  }
}
