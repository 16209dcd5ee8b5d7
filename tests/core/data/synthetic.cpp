#include "tests/core/data/synthetic.h"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

namespace athanor::data {
namespace fs = std::filesystem;

Image synthetic_picture(int concept_id, bool outline) {
  cv::Mat rgba(kStoredPixels, kStoredPixels, CV_8UC4, cv::Scalar::all(0));
  const cv::Scalar colour(40 + concept_id * 37 % 200, 40 + concept_id * 91 % 200, 40 + concept_id * 53 % 200, 255);
  const cv::Point centre(20 + concept_id % 7 * 4, 20 + concept_id % 5 * 5);
  const int radius = 6 + concept_id % 11;
  cv::circle(rgba, centre, radius, colour, outline ? 2 : cv::FILLED);
  cv::rectangle(rgba, {4, 4}, {8 + concept_id % 13, 10}, cv::Scalar(255, 255, 255, 128), cv::FILLED);
  return {rgba.cols, rgba.rows, {rgba.datastart, rgba.dataend}};
}

NewDataset synthetic_content(int concepts) {
  NewDataset content;
  content.card.name = "synthetic";
  content.card.title = "Circles";
  content.card.sources = {{"none", "1", "", "CC0-1.0", "nobody", "drawn by the test"}};
  for (int i = 0; i < concepts; ++i) {
    Concept thing{fmt::format("c{:04}", i), i % 2 == 0 ? "even" : "odd", fmt::format("sub{}", i % 5), {}};
    thing.wording["en"] = {fmt::format("circle number {}", i), {fmt::format("round {}", i), "shape", "★"}};
    if (i != 3) thing.wording["ja"] = {fmt::format("丸{}ガ", i), {"形"}};
    content.concepts.push_back(std::move(thing));
  }
  for (const bool outline : {false, true}) {
    for (int i = 0; i < concepts; ++i)
      content.pictures.push_back({outline ? "outline" : "plain", i, synthetic_picture(i, outline)});
  }
  return content;
}

std::shared_ptr<const Dataset> synthetic_dataset(const fs::path& folder, int concepts) {
  (void)value_or_throw(write_dataset(synthetic_content(concepts), folder));
  return std::make_shared<const Dataset>(value_or_throw(Dataset::open(folder)));
}

}  // namespace athanor::data
