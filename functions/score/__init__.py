"""Stage score: score every customer after each run, and answer for a single one at any time."""
