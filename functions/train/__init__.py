"""Stage train: launch the training job, judge what it made, and let it serve or not."""
