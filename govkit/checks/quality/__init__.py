"""Whether the data can carry an audit: schema, gaps, repeats, labels, size, overlap of training and test rows."""
