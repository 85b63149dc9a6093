"""Stage drift: whether what is scored still looks like what was trained on."""
