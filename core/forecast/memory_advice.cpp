#include "core/forecast/memory_advice.h"

#include <fmt/format.h>

namespace athanor::runner {
namespace {

bool grows_with_the_batch(MemoryTag tag) {
  return tag == MemoryTag::activations || tag == MemoryTag::workspace || tag == MemoryTag::data;
}

// The fields that decide how large this part of the model is.
std::vector<const char*> fields_of(const train::TagOwners& owners) {
  const std::string name = owners.owners.empty() ? "" : owners.owners.front().name;
  const auto within = [&](const char* part) { return name.find(part) != std::string::npos; };
  const bool batch = grows_with_the_batch(owners.tag);
  if (within("image_tower.stem")) return {"model.stem", batch ? "data.image_px" : "model.image_width"};
  if (within("image_tower.")) return {"model.image_width", batch ? "data.image_px" : "model.image_depth"};
  if (within("text_tower.")) return {"model.text_width", batch ? "data.max_tokens" : "model.text_depth"};
  return {"model.image_width", "model.text_width"};
}

std::string with_value(const recipe::Recipe& recipe, const char* field) {
  if (std::string_view(field) == "model.stem") return fmt::format("{} (now {})", field, recipe.text(field));
  return fmt::format("{} (now {})", field, recipe.integer(field));
}

}  // namespace

std::string memory_advice(const recipe::Recipe& recipe, const std::vector<train::TagOwners>& owners) {
  const train::TagOwners& largest = owners.front();
  std::string out = "Lower ";
  if (grows_with_the_batch(largest.tag)) out += with_value(recipe, "data.batch_size") + ", or ";
  const auto fields = fields_of(largest);
  for (std::size_t i = 0; i < fields.size(); ++i) out += (i > 0 ? " or " : "") + with_value(recipe, fields[i]);
  return out;
}

}  // namespace athanor::runner
