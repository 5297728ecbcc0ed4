"""How well the model predicts rows that it has not seen, and how far its probabilities can be believed."""
