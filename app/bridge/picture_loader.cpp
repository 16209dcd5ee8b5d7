#include "app/bridge/picture_loader.h"

#include <QImageReader>

namespace athanor::app {
namespace {
constexpr int kMostPictures = 4000;
constexpr int kSide = 192;  // shown at 120 points at most, on dense screens a little more
}  // namespace

PictureLoader::PictureLoader(QObject* parent) : QObject(parent), pictures_(kMostPictures) {
  thread_ = new JobThread(this);
}

std::optional<QImage> PictureLoader::picture(const QString& file) {
  if (const QImage* known = pictures_.object(file)) return *known;
  if (pending_.contains(file)) return std::nullopt;
  pending_.insert(file);
  thread_->post(this, {}, [this, file](const std::stop_token&) -> JobThread::Deliver {
    QImageReader reader(file);
    const QSize size = reader.size();
    if (size.isValid() && std::max(size.width(), size.height()) > kSide)
      reader.setScaledSize(size.scaled(kSide, kSide, Qt::KeepAspectRatio));
    auto image = std::make_shared<QImage>(reader.read());
    return [this, file, image] {
      pending_.remove(file);
      pictures_.insert(file, new QImage(*image));
      Q_EMIT loaded(file);
    };
  });
  return std::nullopt;
}

}  // namespace athanor::app
