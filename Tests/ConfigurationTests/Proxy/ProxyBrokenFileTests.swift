import Configuration
import Testing

@Suite struct ProxyBrokenFileTests {
  @Test(arguments: names + types + ranges + entries)
  func isAnsweredInOneSentence(broken: BrokenFile) {
    let error = #expect(throws: ConfigurationError.self) { try ProxyConfiguration.parse(broken.text, name: "proxy.toml") }
    #expect(error?.description == "proxy.toml: " + broken.sentence)
  }

  static let names = [
    BrokenFile("[engine]\nmax_opn = 5", "engine.max_opn is not a known key, did you mean 'max_open'?"),
    BrokenFile("max_open = 5", "max_open is not a known key, did you mean 'engine.max_open'?"),
    BrokenFile("test_size = 5", "test_size is not a known key, remove it"),
    BrokenFile("[rule]\nhost = \"a\"", "rule is not a known key, did you mean 'rules'?"),
    BrokenFile("[engine.timeout]\nclosing = 80", "engine.timeout is not a known key, did you mean 'timeouts'?"),
    BrokenFile("[engine]\nconnect = 80", "engine.connect is not a known key, did you mean 'engine.timeouts.connect'?"),
    BrokenFile("[[ports]]\nkind = \"ring\"", "ports.kind is not a known key, remove it"),
    BrokenFile("[[ports]]\nadresses = \"10.0.0.1\"", "ports.adresses is not a known key, did you mean 'addresses'?"),
    BrokenFile("[[ports]]\n[[ports]]\nclients = \"10.0.0.1\"", "ports[1].clients is not a known key, remove it"),
    BrokenFile("[[ports]]\npool_size = 8192\nmbuf_cnt = 8192", "ports.pool_size and ports.mbuf_cnt are one key, leave one out"),
    BrokenFile("[[targets]]\nweigth = 1", "targets[0].weigth is not a known key, did you mean 'weight'?"),
    BrokenFile("[[groups]]\n[[groups]]\nalgoritm = 1", "groups[0].name is missing, a name is needed"),
    BrokenFile("[[groups]]\nalgoritm = 1", "groups[0].algoritm is not a known key, did you mean 'algorithm'?"),
    BrokenFile("[[rules]]\nhst = \"a\"", "rules[0].hst is not a known key, did you mean 'host'?"),
    BrokenFile("[health]\nfails = 3", "health.fails is not a known key, remove it"),
    BrokenFile("[health]\nmax_fail = 3", "health.max_fail is not a known key, did you mean 'max_fails'?"),
    BrokenFile("[engine]\ncps_limit = 5", "engine.cps_limit is not a known key, remove it"),
  ]

  static let types = [
    BrokenFile("[engine]\nmax_open = \"5\"", "engine.max_open is a string, an integer is needed"),
    BrokenFile("[engine]\nwindow_scale = true", "engine.window_scale is a boolean, an integer is needed"),
    BrokenFile("[engine]\nmode = true", "engine.mode is a boolean, a string is needed"),
    BrokenFile("[engine]\ndefault_group = 1", "engine.default_group is an integer, a string is needed"),
    BrokenFile("engine = 5", "engine is an integer, a table ([engine]) is needed"),
    BrokenFile("[rules]\nhost = \"a\"", "rules is a table, an array of tables ([[rules]]) is needed"),
    BrokenFile("targets = [1]", "targets is an array with an integer in it, an array of tables ([[targets]]) is needed"),
    BrokenFile("[[groups]]\ntargets = \"a\"", "groups[0].targets is a string, an array of strings is needed"),
    BrokenFile(
      "[[groups]]\ntargets = [\"a\", 1]", "groups[0].targets is an array with an integer in it, a list of names, each once is needed"),
    BrokenFile("[[rules]]\nreset = 1", "rules[0].reset is an integer, true or false is needed"),
    BrokenFile("[[rules]]\nprefix_hex = 16", "rules[0].prefix_hex is an integer, a string is needed"),
  ]

  static let ranges = [
    BrokenFile("[engine]\nport = 0", "engine.port is 0, \(listeningPorts) is needed"),
    BrokenFile("[engine]\nport = \"80-\"", "engine.port is '80-', \(listeningPorts) is needed"),
    BrokenFile("[engine]\nmode = \"slow\"", "engine.mode is 'slow', \"delayed\" or \"immediate\" is needed"),
    BrokenFile("[engine]\nmax_open = 0", "engine.max_open is 0, an integer from 1 to 50,000,000 (connections) is needed"),
    BrokenFile("[engine]\nlinger_pool = 0", "engine.linger_pool is 0, an integer from 16 to 50,000,000 (connections) is needed"),
    BrokenFile("[engine]\nrequest_limit = 100", "engine.request_limit is 100, an integer from 512 to 1,048,576 (octets) is needed"),
    BrokenFile("[engine]\nwindow_scale = 15", "engine.window_scale is 15, an integer from 0 to 14 is needed"),
    BrokenFile("[engine]\nretries = 16", "engine.retries is 16, an integer from 0 to 15 (retransmissions) is needed"),
    BrokenFile(
      "[engine.timeouts]\nlinger = 0", "engine.timeouts.linger is 0, an integer from 1 to 86,400,000 (ms) is needed"),
    BrokenFile(
      "[engine.timeouts]\nserver_first = -1", "engine.timeouts.server_first is -1, an integer from 0 to 86,400,000 (ms) is needed"),
    BrokenFile("[[targets]]\nweight = 0", "targets[0].weight is 0, an integer from 1 to 256 is needed"),
    BrokenFile("[[targets]]\nport = 0", "targets[0].port is 0, an integer from 1 to 65,535 is needed"),
    BrokenFile(
      "[[targets]]\nmax_connections = -1",
      "targets[0].max_connections is -1, an integer from 0 to 2,147,483,647 (connections) is needed"),
    BrokenFile(
      "[[groups]]\nalgorithm = \"maglev\"",
      "groups[0].algorithm is 'maglev', \"round_robin\" or \"weighted_round_robin\" or \"least_connections\" or \"source_hash\" or "
        + "\"consistent_hash\" is needed"),
    BrokenFile("[[groups]]\ntable_size = 7", "groups[0].table_size is 7, an integer from 251 to 5,000,011 (entries) is needed"),
    BrokenFile(
      "[[groups]]\ntargets = [\"a\", \"a\"]", "groups[0].targets is an array with 'a' in it, a list of names, each once is needed"),
    BrokenFile("[[groups]]\ntargets = []", "groups[0].targets is an empty array, a list of names, each once is needed"),
    BrokenFile(
      "[[rules]]\nprefix_hex = \"1603 0\"", "rules[0].prefix_hex is '1603 0', octets in hexadecimal (such as 16 03 01) is needed"),
    BrokenFile("[[rules]]\nprefix = \"\"", "rules[0].prefix is '', a text is needed"),
    BrokenFile("[[rules]]\nmethod = \"get\"", "rules[0].method is 'get', a method (such as GET) is needed"),
    BrokenFile(
      "[[rules]]\npath = \"images\"", "rules[0].path is 'images', how a path begins, without query (such as /images/) is needed"),
    BrokenFile("[[rules]]\npath = \"/a?b\"", "rules[0].path is '/a?b', how a path begins, without query (such as /images/) is needed"),
    BrokenFile("[[rules]]\nhost = \"a.org:80\"", "rules[0].host is 'a.org:80', \(hostName) is needed"),
    BrokenFile("[[rules]]\nhost = \"[::1]:80\"", "rules[0].host is '[::1]:80', \(hostName) is needed"),
    BrokenFile("[[rules]]\nsni = \"a.org:443\"", "rules[0].sni is 'a.org:443', \(hostName) is needed"),
    BrokenFile(
      "[[rules]]\nprefix = \"a\\u0000b\"\ntarget = \"a\"", "has \\u0000 in it, a zero octet that no string may have, remove it"),
    BrokenFile(
      "[[rules]]\nkey = \"dn\"",
      "rules[0].key is 'dn', \"host\" or \"path\" or \"sni\" or \"bind_dn\" or \"base_dn\" is needed"),
    BrokenFile(
      "[[rules]]\nmatch = \"ldap\"",
      "rules[0].match is 'ldap', \"any\" or \"http\" or \"tls\" or \"ldap_bind\" or \"ldap_search\" or \"ldap_starttls\" is needed"),
    BrokenFile("[health]\nmax_fails = 65536", "health.max_fails is 65536, an integer from 0 to 65,535 (failures) is needed"),
    BrokenFile("[health]\nfail_timeout = 0", "health.fail_timeout is 0, an integer from 1 to 86,400,000 (ms) is needed"),
  ]

  static let entries = [
    BrokenFile("ports = []", "ports has 0 entries, one [[ports]] is needed, or two: the clients' and the servers'"),
    BrokenFile(
      "[[ports]]\n[[ports]]\n[[ports]]", "ports has 3 entries, one [[ports]] is needed, or two: the clients' and the servers'"),
    BrokenFile("[[ports]]\n[[ports]]\nrxd = 1", "ports[1].rxd is 1, a power of two from 64 to 32,768 (frames) is needed"),
    BrokenFile("[[targets]]\nid = \"a\"", "targets[0].ip is missing, a unicast IPv4 address (such as 10.0.0.1) is needed"),
    BrokenFile("[[targets]]\nip = \"10.0.0.1\"", "targets[0].id is missing, a name is needed"),
    BrokenFile(
      "[[targets]]\nid = \"a\"\nip = \"10.0.0.2\"\n[[targets]]\nid = \"a\"\nip = \"10.0.0.3\"",
      "targets[1].id is 'a', a name that no other target has is needed"),
    BrokenFile("[[groups]]\nname = \"g\"", "groups[0].targets is missing, a list of names, each once is needed"),
    BrokenFile(
      "[[groups]]\nname = \"g\"\ntargets = [\"a\"]\n[[groups]]\nname = \"g\"\ntargets = [\"a\"]",
      "groups[1].name is 'g', a name that no other group has is needed"),
    BrokenFile(
      "[engine", "line 1, column 8 is not TOML (Error while parsing table header: encountered end-of-file), correct it"),
  ]

  @Test func missingFile() {
    let error = #expect(throws: ConfigurationError.self) { try ProxyConfiguration.load(file: "/nowhere/proxy.toml") }
    #expect(error?.description == "/nowhere/proxy.toml: there is no such file, check its name")
  }
}

/// What a proxy's `engine.port` takes, in words.
private let listeningPorts = "a TCP port from 1 to 65,535, or a list of ports and ranges (such as 80,8080,9000-9009), each port once"
private let hostName = "a host's name without port (such as www.example.net, or *.example.net for every name below)"
