#include "io/program.h"

#include <doctest/doctest.h>

namespace uipvs::test {

TEST_CASE("program: what goes in comes out, however much it is") {
  std::string text;
  while (text.size() < 3'000'000) text += "line " + std::to_string(text.size()) + "\n";
  const ProgramEnd end = run_program({"cat"}, {}, text);
  CHECK(end.error == 0);
  CHECK(end.exit_code == 0);
  CHECK(end.output == text);
  CHECK(end.errors.empty());
}

TEST_CASE("program: both outputs, the exit code and the environment arrive") {
  const ProgramEnd end = run_program({"sh", "-c", "echo $WORD; echo trouble >&2; exit 7"}, {"WORD=said"}, "");
  CHECK(end.error == 0);
  CHECK(end.exit_code == 7);
  CHECK(end.output == "said\n");
  CHECK(end.errors == "trouble\n");
}

TEST_CASE("program: words are words, whatever is in them") {
  const ProgramEnd end = run_program({"printf", "%s|", "a b", "$HOME;", "*"}, {}, "");
  CHECK(end.output == "a b|$HOME;|*|");
}

TEST_CASE("program: one that is not there is an error, one that a signal ends has no exit code") {
  CHECK(run_program({"no-such-program-of-uipvs"}, {}, "").error == -ENOENT);
  const ProgramEnd end = run_program({"sh", "-c", "kill -KILL $$"}, {}, "");
  CHECK(end.error == 0);
  CHECK(end.exit_code == -1);
}

TEST_CASE("program: one that reads nothing and ends does not end the test") {
  const ProgramEnd end = run_program({"true"}, {}, std::string(1'000'000, 'x'));
  CHECK(end.error == 0);
  CHECK(end.exit_code == 0);
}

}  // namespace uipvs::test
