"""Device profiles that come with hwlint: `data/*.toml`, one file a device."""
