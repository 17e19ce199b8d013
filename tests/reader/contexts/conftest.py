"""The projects are read and run; their own tests are not ours."""

collect_ignore = ["hints", "projects"]
