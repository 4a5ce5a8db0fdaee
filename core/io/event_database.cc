#include "core/io/event_database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/io/unique_fd.h"
#include "core/model/event_codec.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// "Claw", and the version of the tables.
constexpr int64_t kApplicationId = 0x436C6177;
constexpr int64_t kSchema = 1;

// Epochs of which no event is left are remembered all the same, so that a
// reader from there is known; so many.
constexpr int64_t kKnownEpochs = 1000;

// What a row takes beside its body, about, in table and index.
constexpr uint64_t kRowOverhead = 64;

std::string FileIn(const std::string& directory) {
  return directory + "/events.db";
}

absl::Status TouchPrivateFile(const std::string& file) {
  const UniqueFd fd(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0 || ::fchmod(fd.get(), 0600) != 0) {
    return absl::UnavailableError(
        Concat(file, " cannot be opened: ", strerror(errno)));
  }
  return absl::OkStatus();
}

// What an event takes in the file, about: pages are not filled to the end.
uint64_t RoomFor(const Event& event) {
  return (event.size() + kRowOverhead) * 3 / 2;
}

int64_t Nanoseconds(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace

absl::StatusOr<std::unique_ptr<EventDatabase>> EventDatabase::Open(
    const EventLogConfig& config) {
  const std::string file = FileIn(config.directory);
  absl::Status status = TouchPrivateFile(file);
  if (!status.ok()) return status;
  auto sqlite = Sqlite::Open(file);
  if (!sqlite.ok()) return sqlite.status();
  std::unique_ptr<EventDatabase> database(
      new EventDatabase(*std::move(sqlite), config));
  status = database->Prepare();
  if (!status.ok()) return status;
  return database;
}

absl::StatusOr<std::string> EventDatabase::SetAside(
    const std::string& directory) {
  const std::string file = FileIn(directory);
  std::string aside = file + ".damaged";
  for (int i = 1; ::access(aside.c_str(), F_OK) == 0; ++i) {
    aside = Concat(file, ".damaged.", i);
  }
  if (::rename(file.c_str(), aside.c_str()) != 0) {
    return absl::UnavailableError(
        Concat(file, " cannot be set aside: ", strerror(errno)));
  }
  // It may be that there is none.
  ::rename((file + "-wal").c_str(), (aside + "-wal").c_str());
  return aside;
}

absl::Status EventDatabase::Prepare() {
  for (const char* const setting :
       {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA auto_vacuum=INCREMENTAL",
        "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
        "PRAGMA journal_size_limit=8388608", "PRAGMA cache_size=-2048",
        "PRAGMA temp_store=MEMORY"}) {
    absl::Status status = sqlite_->Run(setting);
    if (!status.ok()) return status;
  }
  const auto tables = sqlite_->Number("SELECT COUNT(*) FROM sqlite_master");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) {
    absl::Status made = MakeTables();
    if (!made.ok()) return made;
  }
  const auto application = sqlite_->Number("PRAGMA application_id");
  const auto schema = sqlite_->Number("PRAGMA user_version");
  if (!application.ok()) return application.status();
  if (!schema.ok()) return schema.status();
  if (*application != kApplicationId || *schema != kSchema) {
    return absl::DataLossError(Concat("it is of program ", *application,
                                      " and version ", *schema, ", not of ",
                                      kApplicationId, " and ", kSchema));
  }
  auto insert =
      sqlite_->Prepare("INSERT OR IGNORE INTO events VALUES (?1, ?2, ?3, ?4)");
  auto read = sqlite_->Prepare(
      "SELECT epoch, sequence, received_at, body FROM events "
      "WHERE (epoch, sequence) > (?1, ?2) ORDER BY epoch, sequence");
  if (!insert.ok()) return insert.status();
  if (!read.ok()) return read.status();
  insert_ = *std::move(insert);
  read_ = *std::move(read);
  const absl::Status epochs = ReadEpochs();
  return epochs.ok() ? Measure() : epochs;
}

absl::Status EventDatabase::MakeTables() {
  SqliteTransaction transaction(*sqlite_);
  if (!transaction.status().ok()) return transaction.status();
  const absl::Status made = sqlite_->Run(Concat(
      "CREATE TABLE epochs (id INTEGER PRIMARY KEY,"
      " name TEXT NOT NULL UNIQUE, whole_from INTEGER NOT NULL);"
      "CREATE TABLE events (epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,"
      " received_at INTEGER NOT NULL, body BLOB NOT NULL,"
      " PRIMARY KEY (epoch, sequence));"
      "CREATE TABLE clean_end (epoch INTEGER PRIMARY KEY,"
      " last INTEGER NOT NULL);"
      "PRAGMA application_id=",
      kApplicationId, ";PRAGMA user_version=", kSchema));
  return made.ok() ? transaction.Commit() : made;
}

absl::Status EventDatabase::ReadEpochs() {
  auto rows = sqlite_->Prepare("SELECT id, name FROM epochs ORDER BY id");
  if (!rows.ok()) return rows.status();
  while (true) {
    const auto row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    const std::string name(rows->Bytes(1));
    names_[rows->Number(0)] = name;
    ids_[name] = rows->Number(0);
  }
}

// ---- Beginning and end

absl::StatusOr<LogBeginning> EventDatabase::Begin(
    const std::string& new_epoch, const EventLog::Limits& memory) {
  const auto end = LatestEnd();
  if (!end.ok()) return end.status();
  SqliteTransaction transaction(*sqlite_);
  if (!transaction.status().ok()) return transaction.status();
  absl::Status status = sqlite_->Run("DELETE FROM clean_end");
  if (!status.ok()) return status;
  LogBeginning found;
  found.epoch = end->is_clean ? end->epoch : new_epoch;
  found.last = end->last;
  int64_t id = end->id;
  if (!end->is_clean) {
    const auto added = AddEpoch(new_epoch, 1);
    if (!added.ok()) return added.status();
    id = *added;
  }
  status = transaction.Commit();
  if (!status.ok()) return status;
  names_[id] = epoch_ = found.epoch;
  ids_[epoch_] = epoch_id_ = id;
  last_ = found.last;
  whole_from_ = end->is_clean ? end->whole_from : 1;
  if (const auto own = names_.find(id); own != names_.begin()) {
    found.previous_epoch = std::prev(own)->second;
  }
  auto newest = Newest(found.last, memory);
  if (!newest.ok()) return newest.status();
  found.newest = *std::move(newest);
  found.durable = durable();
  found.oldest = oldest_;
  found.bytes = bytes_;
  return found;
}

absl::StatusOr<EventDatabase::EpochEnd> EventDatabase::LatestEnd() {
  EpochEnd end;
  if (names_.empty()) return end;
  std::tie(end.id, end.epoch) = *names_.rbegin();
  auto row = sqlite_->Prepare(
      "SELECT whole_from, IFNULL(last, -1) FROM epochs "
      "LEFT JOIN clean_end ON epoch=id WHERE id=?1");
  if (!row.ok()) return row.status();
  const auto found = row->Bind(1, end.id).Step();
  if (!found.ok()) return found.status();
  end.whole_from = static_cast<uint64_t>(row->Number(0));
  end.is_clean = row->Number(1) >= 0;
  if (end.is_clean) end.last = static_cast<uint64_t>(row->Number(1));
  return end;
}

void EventDatabase::BeginWithNextAppend(const std::string& epoch) {
  epoch_ = epoch;
  epoch_id_ = 0;
  last_ = 0;
  whole_from_ = 1;
  if (const auto known = ids_.find(epoch); known != ids_.end()) {
    epoch_id_ = known->second;
    const auto last = sqlite_->Number(
        Concat("SELECT MAX(sequence) FROM events WHERE epoch=", epoch_id_));
    if (last.ok()) last_ = static_cast<uint64_t>(*last);
    // What lies before is not looked at: the range begins with what comes.
    whole_from_ = last_ + 1;
  }
}

absl::StatusOr<int64_t> EventDatabase::AddEpoch(const std::string& name,
                                                uint64_t whole_from) {
  auto add =
      sqlite_->Prepare("INSERT INTO epochs (name, whole_from) VALUES (?1, ?2)");
  if (!add.ok()) return add.status();
  absl::Status status =
      add->BindText(1, name).Bind(2, static_cast<int64_t>(whole_from)).Run();
  if (!status.ok()) return status;
  auto id = sqlite_->Number("SELECT MAX(id) FROM epochs");
  if (!id.ok()) return id.status();
  status = sqlite_->Run(
      Concat("DELETE FROM epochs WHERE id<=", *id - kKnownEpochs,
             " AND NOT EXISTS (SELECT 1 FROM events WHERE epoch=epochs.id)"));
  if (!status.ok()) return status;
  return id;
}

absl::Status EventDatabase::MarkCleanEnd(uint64_t last) {
  if (epoch_id_ == 0 || last != last_ || doubtful_) {
    return absl::FailedPreconditionError(
        Concat("the disk has events up to ", last_, " of ", last));
  }
  return sqlite_->Run(
      Concat("INSERT INTO clean_end VALUES (", epoch_id_, ",", last, ")"));
}

absl::StatusOr<std::vector<Event>> EventDatabase::Newest(
    uint64_t last, const EventLog::Limits& memory) {
  std::vector<Event> newest;
  auto rows = sqlite_->Prepare(
      "SELECT sequence, received_at, body FROM events WHERE epoch=?1 "
      "ORDER BY sequence DESC");
  if (!rows.ok()) return rows.status();
  rows->Bind(1, epoch_id_);
  size_t bytes = 0;
  while (newest.size() < memory.max_events) {
    const auto row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row || static_cast<uint64_t>(rows->Number(0)) != last) break;
    auto draft = DecodeDraft(rows->Bytes(2));
    if (!draft) break;
    Event event{last, WallTime(Duration(rows->Number(1))), *std::move(draft)};
    bytes += event.size();
    if (bytes > memory.max_event_bytes()) break;
    newest.push_back(std::move(event));
    --last;
  }
  std::reverse(newest.begin(), newest.end());
  return newest;
}

// ---- Writing

absl::Status EventDatabase::Append(const std::vector<Event>& events,
                                   WallTime now) {
  if (doubtful_) {
    // What the write-ahead log has is copied into the file and synced, and the
    // log begins anew.
    const auto busy = sqlite_->Number("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!busy.ok()) return busy.status();
    if (*busy != 0) return absl::UnavailableError("the file is in use");
    doubtful_ = false;
  }
  const uint64_t first = events.front().sequence;
  int64_t id = epoch_id_;
  absl::Status status;
  {
    SqliteTransaction transaction(*sqlite_);
    status = transaction.status();
    if (status.ok() && id == 0) {
      status = sqlite_->Run("DELETE FROM clean_end");
      if (status.ok()) {
        const auto added = AddEpoch(epoch_, first);
        status = added.status();
        if (added.ok()) id = *added;
      }
    } else if (status.ok() && first != last_ + 1) {
      status = sqlite_->Run(
          Concat("UPDATE epochs SET whole_from=", first, " WHERE id=", id));
    }
    uint64_t room = 0;
    for (const Event& event : events) room += RoomFor(event);
    if (status.ok()) status = RemoveOld(now, room);
    if (status.ok()) status = Insert(id, events);
    if (status.ok()) status = transaction.Commit();
  }
  if (!status.ok()) {
    if (absl::IsUnavailable(status)) doubtful_ = true;
    return status;
  }
  names_[id] = epoch_;
  ids_[epoch_] = id;
  if (epoch_id_ != id || first != last_ + 1) whole_from_ = first;
  epoch_id_ = id;
  last_ = events.back().sequence;
  // They are stored, whatever becomes of this.
  Shrink().IgnoreError();
  Measure().IgnoreError();
  return absl::OkStatus();
}

absl::Status EventDatabase::Insert(int64_t epoch,
                                   const std::vector<Event>& events) {
  for (const Event& event : events) {
    const std::string body = EncodeDraft(event.what);
    absl::Status status = insert_->Bind(1, epoch)
                              .Bind(2, static_cast<int64_t>(event.sequence))
                              .Bind(3, Nanoseconds(event.received_at))
                              .BindBytes(4, body)
                              .Run();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

DurableRange EventDatabase::durable() const {
  if (epoch_id_ == 0 || !oldest_ || last_ < whole_from_) return {};
  const uint64_t retained =
      oldest_->epoch == epoch_ ? oldest_->sequence + 1 : 1;
  if (last_ < retained) return {};
  return {std::max(whole_from_, retained), last_};
}

// ---- Reading

EventDatabase::Key EventDatabase::KeyOf(const EventPosition& position) const {
  const auto id = ids_.find(position.epoch);
  return id == ids_.end() ? Key{} : Key{id->second, position.sequence};
}

absl::StatusOr<EventPage> EventDatabase::Read(const EventPosition& after,
                                              const EventFilter& filter) {
  EventPage page;
  page.end = after;
  // That of an unknown epoch is before all others.
  Key end = KeyOf(after);
  read_->Reset();
  read_->Bind(1, end.epoch).Bind(2, static_cast<int64_t>(end.sequence));
  size_t bytes = 0;
  for (size_t looks = 0; looks < EventPage::kMaxLooks; ++looks) {
    const auto row = read_->Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const Key key = {read_->Number(0), static_cast<uint64_t>(read_->Number(1))};
    auto draft = DecodeDraft(read_->Bytes(3));
    const bool follows =
        key.epoch == end.epoch && key.sequence == end.sequence + 1;
    if (!follows || !draft) {
      // A page has a hole at its beginning alone. What this build cannot read
      // is one.
      if (page.end != after) break;
      end = {key.epoch, key.sequence - (draft ? 1 : 0)};
      page.resumed_after = {names_[end.epoch], end.sequence};
      page.end = *page.resumed_after;
      if (!draft) break;
    }
    if (filter.Matches(*draft)) {
      Event event{key.sequence, WallTime(Duration(read_->Number(2))),
                  *std::move(draft)};
      bytes += event.size();
      if (!page.events.empty() &&
          (page.events.size() == EventPage::kMaxEvents ||
           bytes > EventPage::kMaxBytes)) {
        break;
      }
      page.events.push_back(std::move(event));
    }
    end = key;
    page.end = {names_[key.epoch], key.sequence};
  }
  read_->Reset();
  return page;
}

}  // namespace clawplane::core
