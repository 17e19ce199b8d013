"""What runs on the device: files that need Python and one runtime and nothing of hwlint."""
