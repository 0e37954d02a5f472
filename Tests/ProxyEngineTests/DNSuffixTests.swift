import Testing

@testable import TCPEngine

@Suite struct DNSuffixTests {
  private func matches(_ name: String, _ suffix: String) -> Bool {
    withOctets(Array(name.utf8)) { name, nameCount in
      withOctets(Array(suffix.utf8)) { suffix, suffixCount in
        DNSuffix.matches(
          StreamText(name, count: nameCount), RuleText(start: suffix, count: suffixCount, isGiven: true, isSuffix: false))
      }
    }
  }

  private func hash(_ name: String) -> UInt32 {
    withOctets(Array(name.utf8)) { DNSuffix.Name(StreamText($0, count: $1)).hash }
  }

  @Test(arguments: [
    ("uid=x, OU=people,DC=b,DC=example", "dc=b,dc=example"), ("dc=b,dc=example", "dc=b,dc=example"),
    ("DC = B ,  dc= Example ", " dc=b , dc=example"), ("cn=a\\,b,dc=x", "dc=x"), ("cn=a\\2cb,dc=x", "cn=A\\,B,dc=x"),
    ("cn=a\\\\,dc=x", "dc=x"), ("cn=a\\ ,dc=x", "cn=a\\20,dc=x"), ("cn=Steve   Kille,o=Isode", "CN=steve kille,O=isode"),
    ("OU=Sales+CN=J.  Smith,DC=example,DC=net", "ou=sales + cn=j. smith,dc=example,dc=net"),
    ("CN=Before\\0dAfter,DC=example,DC=net", "dc=net"), ("CN=Lu\\C4\\8Di\\C4\\87", "cn=Lu\u{10d}i\u{107}"),
    ("cn=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net", "dc=example,dc=net"), ("cn=a=b,dc=x", "cn=a=b,dc=x"),
    ("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"), ("x=y", ""), ("", ""),
  ]) func isTheSameOrBelow(_ name: String, _ suffix: String) {
    #expect(matches(name, suffix))
    #expect(!matches(name + "x", suffix) || suffix.isEmpty)
  }

  @Test(arguments: [
    ("dc=example", "dc=b,dc=example"), ("", "dc=example"), ("uid=x,dc=bb,dc=example", "dc=b,dc=example"),
    ("uid=xdc=b,dc=example", "dc=b,dc=example"), ("cn=a\\,dc=b,dc=example", "dc=b,dc=example"), ("cn=a\\=b", "cn=a,b"),
    ("cn=ab", "cn=a b"), ("cn=a\\20", "cn=a"), ("cn=a+sn=b", "cn=a,sn=b"), ("cn=a\\,b", "cn=a,b"), ("dc\\=x", "dc=x"), ("dc=x,", "dc=x"),
  ]) func isNeither(_ name: String, _ suffix: String) { #expect(!matches(name, suffix)) }

  @Test func anyOctetsAreTaken() {
    // Every text of up to four of the characters that mean something.
    let characters = Array("\\, =+a2".utf8)
    var count = 0
    func walk(_ text: [UInt8]) {
      let name = String(decoding: text, as: UTF8.self)
      #expect(matches(name, name), "\(name)")
      count += 1
      if text.count < 4 { for character in characters { walk(text + [character]) } }
    }
    walk([])
    #expect(count == 2_801)
  }

  @Test func oneHashForAllWaysToWriteIt() {
    #expect(hash("") == 0 && hash("  ") == 0)
    #expect(hash("uid=x, OU=people,DC=b") == hash("UID = X,ou=People , dc=b"))
    #expect(hash("cn=a\\,b") != hash("cn=a,b"))
    #expect(hash("cn=a") != hash("cn=b"))
  }
}
