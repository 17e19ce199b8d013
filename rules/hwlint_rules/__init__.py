"""The rules that come with hwlint: one file a rule, found by the entry point `hwlint.rules`."""
