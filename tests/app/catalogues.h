// Texts of the catalogues, as files say them.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QFile>
#include <QXmlStreamReader>

#include <map>

namespace athanor::app {

inline QDir catalogue_folder() { return QDir(QStringLiteral(ATH_SOURCE_DIR "/resources/translations")); }

// Sources and translations of a catalogue, of one context or all; forms of plurals run together.
inline std::map<QString, QString> texts_of(const QString& file, const QString& context = {}) {
  QFile in(catalogue_folder().filePath(file));
  EXPECT_TRUE(in.open(QIODevice::ReadOnly));
  QXmlStreamReader xml(&in);
  std::map<QString, QString> out;
  QString source, name;
  for (; !xml.atEnd(); xml.readNext()) {
    if (!xml.isStartElement()) continue;
    if (xml.name() == QStringLiteral("name")) name = xml.readElementText();
    if (xml.name() == QStringLiteral("source")) source = xml.readElementText();
    if (xml.name() == QStringLiteral("translation") && (context.isEmpty() || name == context))
      out[source] = xml.readElementText(QXmlStreamReader::IncludeChildElements).trimmed();
  }
  return out;
}

inline std::map<QString, QString> all_texts_of(const QString& language) {
  std::map<QString, QString> out = texts_of(QStringLiteral("athanor_%1.ts").arg(language));
  out.merge(texts_of(QStringLiteral("recipe_%1.ts").arg(language)));
  return out;
}

}  // namespace athanor::app
