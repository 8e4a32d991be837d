#include "engine/state_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "engine/engine.h"

namespace uipvs::test {
namespace {

// A directory of its own, gone at the end.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/uipvs-state-XXXXXX";
    if (::mkdtemp(name) != nullptr) path = name;
  }
  ~Scratch() {
    for (const char* const file : {"connections", "other", "link"}) ::unlink((path + "/" + file).c_str());
    ::rmdir(path.c_str());
  }
  std::string file() const { return path + "/connections"; }

  std::string path;
};

int open_at(const std::string& path, const char*& failed_call) {
  StateFile file;
  return file.open(path, failed_call);
}

void write_file(const std::string& path, mode_t mode) {
  const Descriptor file(::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode));
  ::fchmod(file.get(), mode);
}

// What an engine of so many connections finds.
Engine::Found found_by(const Scratch& scratch, uint32_t connections, bool is_fresh = false) {
  Engine engine;
  const char* call = "";
  Engine::Found found = Engine::Found::nothing;
  REQUIRE(engine.create({connections, 4, 4}, call) == 0);
  CHECK(engine.open_state(scratch.path, is_fresh, found, call) == 0);
  return found;
}

}  // namespace

TEST_CASE("state file: is made for its owner alone, in a directory that one process at a time has") {
  const Scratch scratch;
  const char* call = "";
  StateFile first, second;
  REQUIRE(first.open(scratch.path, call) == 0);
  struct stat made;
  REQUIRE(::stat(scratch.file().c_str(), &made) == 0);
  CHECK((made.st_mode & 07777) == 0600);
  CHECK(second.open(scratch.path, call) == -EWOULDBLOCK);
  CHECK(std::string(call) == "flock");
}

TEST_CASE("state file: what is or could be somebody else's is refused") {
  const Scratch scratch;
  const char* call = "";
  SUBCASE("a directory that others may write") {
    ::chmod(scratch.path.c_str(), 0722);
    CHECK(open_at(scratch.path, call) == -EPERM);
    CHECK(std::string(call) == "mode");
  }
  SUBCASE("a directory by another name") {
    const std::string link = scratch.path + "/link";
    REQUIRE(::symlink(scratch.path.c_str(), link.c_str()) == 0);
    const int error = open_at(link, call);
    CHECK((error == -ELOOP || error == -ENOTDIR));
  }
  SUBCASE("a file that others may read") {
    write_file(scratch.file(), 0604);
    CHECK(open_at(scratch.path, call) == -EPERM);
    CHECK(std::string(call) == "mode");
  }
  SUBCASE("a file with another name") {
    write_file(scratch.file(), 0600);
    REQUIRE(::link(scratch.file().c_str(), (scratch.path + "/other").c_str()) == 0);
    CHECK(open_at(scratch.path, call) == -EPERM);
    CHECK(std::string(call) == "kind");
  }
  SUBCASE("a symbolic link") {
    write_file(scratch.path + "/other", 0600);
    REQUIRE(::symlink("other", scratch.file().c_str()) == 0);
    CHECK(open_at(scratch.path, call) == -ELOOP);
  }
  SUBCASE("a pipe") {
    REQUIRE(::mkfifo(scratch.file().c_str(), 0600) == 0);
    CHECK(open_at(scratch.path, call) == -EPERM);
    CHECK(std::string(call) == "kind");
  }
  SUBCASE("somebody else's file") {
    write_file(scratch.file(), 0600);
    // Only root can give it away.
    if (::chown(scratch.file().c_str(), 12345, 0) == 0) {
      CHECK(open_at(scratch.path, call) == -EPERM);
      CHECK(std::string(call) == "owner");
    }
  }
}

TEST_CASE("engine: goes on with the table of an engine before it, and with no other") {
  const Scratch scratch;
  using Found = Engine::Found;
  CHECK(found_by(scratch, 100) == Found::nothing);
  CHECK(found_by(scratch, 100) == Found::table);
  CHECK(found_by(scratch, 100, true) == Found::nothing);
  CHECK(found_by(scratch, 100) == Found::table);
  SUBCASE("of another capacity") { CHECK(found_by(scratch, 5000) == Found::other_size); }
  SUBCASE("of another capacity and the same length") { CHECK(found_by(scratch, 101) == Found::other_capacity); }
  SUBCASE("cut") {
    REQUIRE(::truncate(scratch.file().c_str(), 5000) == 0);
    CHECK(found_by(scratch, 100) == Found::other_size);
  }
  SUBCASE("overwritten with zeros") {
    const size_t bytes = ConnectionTable::kept_bytes(100);
    REQUIRE(::truncate(scratch.file().c_str(), 0) == 0);
    REQUIRE(::truncate(scratch.file().c_str(), static_cast<off_t>(bytes)) == 0);
    CHECK(found_by(scratch, 100) == Found::unfinished);
  }
  // Whatever it was, now it is a table.
  const uint32_t connections = 100;
  found_by(scratch, connections);
  CHECK(found_by(scratch, connections) == Found::table);
}

TEST_CASE("engine: knows which start of the host this is") {
  const BootId boot_id = read_boot_id();
  CHECK(boot_id != BootId{});
  CHECK(boot_id == read_boot_id());
}

TEST_CASE("engine: connections made in one are found by the next") {
  const Scratch scratch;
  const char* call = "";
  Engine::Found found = Engine::Found::nothing;
  NewConnection fresh;
  fresh.ends = {Family::ipv4, 6, 40000, 80, 8080, {{1}}, {{2}}, {{3}}};
  fresh.expires = Engine::now() + 1000 * kTicksPerSecond;
  fresh.destination_id = 2;
  {
    Engine engine;
    REQUIRE(engine.create({100, 4, 4}, call) == 0);
    REQUIRE(engine.open_state(scratch.path, false, found, call) == 0);
    CHECK(engine.recover().connections == 0);
    ConnectionId id = 0;
    Found clash;
    REQUIRE(engine.table().create(fresh, id, clash) == CreateError::none);
  }
  Engine engine;
  REQUIRE(engine.create({100, 4, 4}, call) == 0);
  REQUIRE(engine.open_state(scratch.path, false, found, call) == 0);
  DestinationEntry& destination = engine.directory().destinations[2];
  destination.is_known = true;
  destination.address = {{3}};
  const RecoveryReport report = engine.recover();
  CHECK(report.connections == 1);
  const FiveTuple reply = fresh.ends.from_server();
  CHECK(engine.table().find(reply, engine.table().hash(reply)).head != nullptr);
  engine.clear_destination(2);
  CHECK_FALSE(destination.is_known);
}

}  // namespace uipvs::test
