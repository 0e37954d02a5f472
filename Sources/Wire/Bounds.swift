/// What is nearly always so, and what nearly never is: the compiler keeps the usual way straight, and spills registers on the other.
@inline(__always)
func usually(_ condition: Bool) -> Bool { _fastPath(condition) }

@inline(__always)
func rarely(_ condition: Bool) -> Bool { _slowPath(condition) }

/// Smaller and larger of two 32-bit numbers: a compare and a move in every build, where the library's generic ones are calls until they
/// are optimised, and those of more than two numbers make an array.
@inline(__always)
func smaller(_ a: UInt32, _ b: UInt32) -> UInt32 { a < b ? a : b }

@inline(__always)
func larger(_ a: UInt32, _ b: UInt32) -> UInt32 { a > b ? a : b }

@inline(__always)
func smaller(_ a: Int, _ b: Int) -> Int { a < b ? a : b }
