"""Stage privacy: finding, exporting and forgetting one person, and keeping who was forgotten out."""
