// One column of numbers as bytes and back, to the bit. Pure functions; any thread.
//
// A column is u8 form, u32 length of its body, body. Whole numbers: a straight line (first, slope), or second
// differences as zigzag varints, as they are or as a zstd frame, or the numbers themselves in the same two ways.
// Numbers with a point: one value for all, or, where each is exactly a float, four-byte words, else eight-byte ones;
// plain, or packed: XORed with their predecessors, stored as planes of one byte each, of which those that look random
// stand as they are and the others in one zstd frame.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace athanor::store {

void put_column(std::string& out, std::span<const std::int64_t> numbers);
// For numbers whose neighbours tell nothing of them.
void put_value_column(std::string& out, std::span<const std::int64_t> numbers);
// Quick to read, for summaries.
void put_plain_column(std::string& out, std::span<const double> numbers);
// Small, for samples.
void put_packed_column(std::string& out, std::span<const double> numbers);

// Take the column at the front of `bytes` off and write its numbers; how many there are is known from elsewhere. Throw
// Failure(corrupt).
void take_column(std::string_view& bytes, std::span<std::int64_t> numbers);
void take_column(std::string_view& bytes, std::span<double> numbers);
void skip_column(std::string_view& bytes);

[[noreturn]] void damaged_page(const char* what);

}  // namespace athanor::store
