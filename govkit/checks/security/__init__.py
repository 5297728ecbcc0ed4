"""The model file itself: what it would run, whether it is the file that was released, what it carries along."""
