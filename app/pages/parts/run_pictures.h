// Pictures of a run's media folder for the retrieval board: keys are file names relative to the run directory.
#pragma once

#include "app/bridge/picture_loader.h"
#include "widgets/gallery/picture_source.h"

namespace athanor::app {

class RunPictures final : public widgets::PictureSource {
  Q_OBJECT
 public:
  RunPictures(PictureLoader* loader, QObject* parent);  // the loader is not owned
  void set_folder(const QString& folder);
  [[nodiscard]] Picture picture(const QString& key) override;

 private:
  PictureLoader* loader_;
  QString folder_;
};

}  // namespace athanor::app
