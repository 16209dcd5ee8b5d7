#include "app/pages/parts/run_pictures.h"

namespace athanor::app {

RunPictures::RunPictures(PictureLoader* loader, QObject* parent) : PictureSource(parent), loader_(loader) {
  connect(loader_, &PictureLoader::loaded, this, [this](const QString& file) {
    if (file.startsWith(folder_)) Q_EMIT arrived(file.mid(folder_.size()));
  });
}

void RunPictures::set_folder(const QString& folder) { folder_ = folder.endsWith(u'/') ? folder : folder + u'/'; }

widgets::PictureSource::Picture RunPictures::picture(const QString& key) {
  const std::optional<QImage> image = loader_->picture(folder_ + key);
  if (!image) return {State::loading, {}};
  return {image->isNull() ? State::broken : State::ready, *image};
}

}  // namespace athanor::app
