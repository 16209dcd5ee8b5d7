#include "app/bridge/curve_readers.h"

namespace athanor::app {
namespace {
constexpr int kThreads = 4;
}

CurveReaders::CurveReaders(std::filesystem::path file, QObject* parent) : QObject(parent), file_(std::move(file)) {}

CurveReaders::~CurveReaders() {
  for (const auto& [key, unwanted] : asked_) *unwanted = true;
}

void CurveReaders::open() {
  while (readers_.size() < kThreads) readers_.push_back(std::make_unique<HistoryReader>(file_));
}

std::shared_ptr<std::atomic<bool>> CurveReaders::begin(const QString& key) {
  auto unwanted = std::make_shared<std::atomic<bool>>(false);
  if (key.isEmpty()) return unwanted;
  if (auto& before = asked_[key]) *before = true;
  asked_[key] = unwanted;
  return unwanted;
}

}  // namespace athanor::app
