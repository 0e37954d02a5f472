#if !FUZZING
  import Foundation
  import Testing

  /// The inputs that `make fuzz` has found to reach something of their own, each taken again.
  @Suite struct ReplayTests {
    private static var corpus: URL {
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Corpus")
    }

    @Test(arguments: FuzzTarget.allCases) func corpusIsTakenWell(_ target: FuzzTarget) throws {
      let directory = Self.corpus.appending(path: target.rawValue)
      let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      #expect(files.count >= 10, "the corpus of \(target.rawValue) is gone")
      for file in files {
        let problem = try Data(contentsOf: file).withUnsafeBytes { target.run($0) }
        #expect(problem == nil, "\(file.lastPathComponent)")
      }
    }
  }
#endif
