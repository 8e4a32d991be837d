// Runs the tests and prints one line: how many cases and assertions, how many failed, and the seed.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <time.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "support/random.h"

namespace uipvs::test {
namespace {

class Summary final : public doctest::IReporter {
 public:
  explicit Summary(const doctest::ContextOptions&) {}

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& stats) override {
    std::printf("native tests: %u cases, %d assertions, %u cases failed (seed %" PRIu64 ")\n",
                stats.numTestCasesPassingFilters, stats.numAsserts, stats.numTestCasesFailed, test_seed());
  }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

DOCTEST_REGISTER_LISTENER("summary", 1, Summary);

uint64_t choose_seed() {
  const char* const given = std::getenv("UIPVS_TEST_SEED");
  if (given != nullptr) return std::strtoull(given, nullptr, 10);
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

uint64_t test_seed() {
  static const uint64_t seed = choose_seed();
  return seed;
}

}  // namespace uipvs::test

int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  context.setOption("minimal", true);
  return context.run();
}
