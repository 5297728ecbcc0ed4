"""Whether the rows that a model is asked about still look like those that it was fitted on."""
