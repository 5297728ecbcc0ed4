"""What the model gives away about the rows that it was trained on."""
