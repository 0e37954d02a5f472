import ArgumentParser
import Glibc

/// `records FILE`: prints the connection records of a run, both ends of a connection joined.
struct RecordsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "records", abstract: "Print the connection records of a run, both ends of a connection joined.",
    usage: "\(programName) records <file> [<options>]",
    discussion: RecordsOptions.discussion)

  @OptionGroup var options: RecordsOptions

  func run() throws { try options.print(EndRecords.self) }
}

/// What is printed of a file of records, and how.
struct RecordsOptions: ParsableArguments {
  static let discussion = """
    Columns, units and the format of the file: Documentation/Records.md.

    Exit codes: 0, printed; 1, some records are damaged, or the output failed; 2, the file cannot be read or is none of records.
    """

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case csv
    case jsonl
  }

  @Argument(help: "The file that `run --detailed-records` has written.", completion: .file())
  var file: String

  @Option(help: "How to print: csv (RFC 4180) or jsonl (JSON lines).")
  var format = Format.csv

  @Flag(help: "Print only sums, as JSON.")
  var sum = false

  @Flag(help: "Only connections of which an end did not complete.")
  var failed = false

  @Option(help: ArgumentHelp("Only this many connections.", valueName: "connections"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit is \(limit), a number of connections from 0 is needed") }
  }

  /// Prints the file as the options say.
  func print<Kind: RecordKind>(_ kind: Kind.Type) throws {
    // `| head` closes the pipe early: that is an error number then, and not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    var listing = RecordListing(path: file)
    listing.form = sum ? .sums : format == .csv ? .csv : .jsonLines
    listing.onlyFailed = failed
    listing.limit = limit
    let end: RecordListing.End
    do {
      end = try listing.print(kind, to: STDOUT_FILENO)
    } catch {
      try Self.fail("\(error)", status: 2)
    }
    switch end {
    case .readerGone: return
    case .outputFailed(let error): try Self.fail("\(error)", status: 1)
    case .complete(let shortfall):
      shortfall.sentences(path: file, recordLength: Kind.Record.length).forEach(FileDescriptor.complain)
      if shortfall.damaged > 0 { throw ExitCode(1) }
    }
  }

  /// One sentence on the standard error, and this exit status.
  private static func fail(_ sentence: String, status: Int32) throws -> Never {
    FileDescriptor.complain(sentence)
    throw ExitCode(status)
  }
}
