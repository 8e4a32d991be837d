// Command lines of the bench's own tools: `--name value` pairs and flags, numbers checked where they are read.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace bench {

class Arguments {
 public:
  Arguments(int count, char** words) : count_(count), words_(words) {}

  // The word behind `name`; ends the program with status 2 where there is none and no default.
  const char* text(std::string_view name, const char* by_default = nullptr) const {
    for (int i = 1; i + 1 < count_; ++i) {
      if (words_[i] == name) return words_[i + 1];
    }
    if (by_default == nullptr) refuse(name, "nothing");
    return by_default;
  }

  uint64_t number(std::string_view name, const char* by_default = nullptr) const {
    const char* const word = text(name, by_default);
    uint64_t value = 0;
    const char* const end = word + std::strlen(word);
    if (std::from_chars(word, end, value).ptr != end || word == end) refuse(name, word);
    return value;
  }

  bool has(std::string_view name) const {
    for (int i = 1; i < count_; ++i) {
      if (words_[i] == name) return true;
    }
    return false;
  }

  [[noreturn]] static void refuse(std::string_view name, std::string_view received) {
    const std::string message = "Expected a value for " + std::string(name) + " but received " + std::string(received);
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(2);
  }

 private:
  int count_;
  char** words_;
};

// A failed system call ends a tool: the sample is thrown away with these words.
[[noreturn]] inline void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace bench
