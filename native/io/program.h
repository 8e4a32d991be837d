// Runs a program to its end.
//
// Theory of operation: fork(2) copies the page tables of the process, which has a connection table and a heap: some
// milliseconds, and then a page fault for every page that is written. posix_spawn(3) borrows the memory instead until the
// program has begun, and only the thread that asks waits for that. The program is started from a thread of its own, which
// keeps no capability but CAP_NET_ADMIN.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uipvs {

struct ProgramEnd {
  int error = 0;      // -errno where it could not be run at all
  int exit_code = 0;  // -1 where a signal ended it
  std::string output;
  std::string errors;
};

// Blocks. `words` begin with the program, which is looked for in PATH, and `environment` has NAME=VALUE. What it does not
// read of `input` is no error.
ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                       std::string_view input);

}  // namespace uipvs
